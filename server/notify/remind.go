package notify

import (
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Remind plans the reminders of a window that lie ahead.
func Remind(b *store.Batch, org *store.Org, m *status.Maintenance, now status.Time) {
	for _, minutes := range remindMinutes {
		if due := m.ScheduledFor - status.Time(minutes)*wire.Minute; due > now {
			org.Remind(b, m.ID, minutes, due)
		}
	}
}

// Reminder is what is told of a window that begins in so many minutes, and to whom.
func Reminder(
	m *status.Maintenance, state *page.State, minutes int64, now status.Time,
) (store.Message, store.Audience) {
	n := &Notice{Kind: MaintenanceReminder, At: now, Seq: state.Seq, Maintenance: m, Minutes: minutes}
	if left := int64((m.ScheduledFor - now) / wire.Minute); left < minutes-5 {
		n.Minutes = max(left, 1) // it comes late
	}
	n.Indicator, n.Words = status.RollUp(state.Services)
	topic := "reminder/" + m.ID + "/" + m.ScheduledFor.String() + "/" + wire.Itoa(minutes)
	return n.kept(topic, now), windowAudience(m)
}
