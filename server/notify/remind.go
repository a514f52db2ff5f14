package notify

import (
	"statuspage/server/store"
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
