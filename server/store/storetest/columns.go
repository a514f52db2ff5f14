package storetest

import "statuspage/shared/status"

// Bound is how many bytes a column may have in a row, and what keeps it so.
type Bound struct {
	Bytes int
	By    string
	Tried bool // a test brings as much by the way in (server/app/largest_test.go)
}

// What bounds the columns that everybody may fill. A character has up to four bytes.
const (
	title  = 4 * status.TitleMax
	text   = 4 * status.BodyMax
	id     = 36
	word   = 32
	object = 300_000 // one object with 100 services and its texts, as JSON
)

func ours(bytes int, by string) Bound   { return Bound{bytes, by, false} }
func theirs(bytes int, by string) Bound { return Bound{bytes, by, true} }

func ids(columns ...string) map[string]Bound {
	out := map[string]Bound{}
	for _, c := range columns {
		out[c] = ours(id, "an id: made here, or a UUID by CheckMade")
	}
	return out
}

func words(columns ...string) map[string]Bound {
	out := map[string]Bound{}
	for _, c := range columns {
		out[c] = ours(word, "a word of the program's own")
	}
	return out
}

func names(columns ...string) map[string]Bound {
	out := map[string]Bound{}
	for _, c := range columns {
		out[c] = ours(title, "a name that somebody else gave, of status.TitleMax characters")
	}
	return out
}

// Columns is every column of text of every table. A row is what its columns are together, and none comes near the
// 5,000,000 bytes that libSQL's server takes; what may be long once in a while is refused by store.MaxRow in words.
var Columns = map[string]map[string]Bound{
	"alerts": joined(ids("org_id", "incident_id", "proposal_id"), words("kind"), map[string]Bound{
		"fingerprint": ours(256, "usecase/alert.go"), "text": ours(64, "SHA-256")}),
	"api_keys": joined(ids("org_id", "id", "owner_id"), names("created_by_name"), map[string]Bound{
		"name": theirs(title, "cases/apikey.go"), "prefix": ours(word, "made here"), "hash": ours(64, "SHA-256"),
		"scopes": ours(500, "20 words, cases/apikey.go"), "created_by": ours(title, "an actor")}),
	"access_links": joined(ids("org_id"), map[string]Bound{"hash": ours(64, "SHA-256"), "email": ours(1_016,
		"its column")}),
	"audit_log": joined(ids("org_id"), names("actor_name"), words("actor_kind", "action", "object_kind"),
		map[string]Bound{
			"actor_id": ours(title, "an actor"), "address": ours(64, "an IP address"),
			"request_id": ours(128, "app/route.go"), "object_id": ours(64, "an id or a number"),
			"before": ours(object, "what is not in the log: one template, series, key or subscriber"),
			"after":  ours(object, "likewise")}),
	"challenges": joined(ids("user_id", "session_id"), words("purpose"),
		map[string]Bound{"hash": ours(64, "SHA-256"), "data": ours(16_000, "auth/passkey.go")}),
	"deleted_organizations": ids("org_id"),
	"drafts": joined(ids("org_id", "id"), names("author_name", "approver_name", "publisher_name"), words("state"),
		map[string]Bound{"command": ours(100_000, "usecase.MaxDraft"), "note": ours(8_000, "usecase.MaxDraftNote"),
			"words": ours(8_000, "usecase.MaxDraftNote"), "problem": ours(8_000, "its column"),
			"author_id": ours(title, "an actor"), "approver_id": ours(title, "an actor"), "scheduler": ours(title,
				"an actor"), "publisher_id": ours(title, "an actor"), "people": ours(2_000, "40 ids")}),
	"ended_sessions": ids("session_id"),
	"events": joined(ids("org_id", "command"), words("type"), map[string]Bound{
		"body": ours(4_990_000, "an object without its timeline and one entry; days of the record that were "+
			"corrected, by store.MaxRow"), "object": ours(64, "kind and id")}),
	"external_organizations": joined(ids("org_id"), map[string]Bound{"issuer": ours(2_000, "AUTH_ISSUER"),
		"external_id": ours(16_000, "a claim of a token, within a request's headers")}),
	"factors": joined(ids("user_id", "id"), words("kind"), map[string]Bound{
		"name": ours(title, "cases/factor.go"), "party": ours(253, "a host name"),
		"credential_id": ours(1_400, "auth/passkey.go, in base64"), "secret": ours(4_000, "1,100 bytes, sealed")}),
	"goose_db_version": {"tstamp": ours(word, "a time")},
	"hostname_checks":  joined(ids("org_id"), map[string]Bound{"hostname": ours(253, "page.EditPage")}),
	"idempotency": joined(ids("org_id", "object_id", "entry_id"), words("object_kind"), map[string]Bound{
		"actor": ours(title, "an actor"), "key": ours(200, "SHA-256, or 200 characters of an older version"),
		"fingerprint": ours(128, "SHA-256"), "etag": ours(128, "made here"),
		"body": ours(4*object, "what is not in the log, sealed, in base64")}),
	"incident_text": {"org": ours(33, "an id"), "words": ours(2*text+title+2, "an incident's own texts, or a message"),
		"incident_text": ours(word, "hidden: the table's own"), "docid": ours(word, "a number"),
		"__langid": ours(word, "hidden")},
	"incident_text_segments": {"block": ours(4*text,
		"FTS4: a node of 1,000 bytes, or one word's places in one document")},
	"incident_text_segdir":  {"root": ours(4*text, "likewise")},
	"incident_text_docsize": {"size": ours(word, "two numbers")},
	"incident_text_stat":    {"value": ours(256, "numbers of the table")},
	"report_counts":         ids("org_id", "service_id"), "report_alarms": ids("org_id", "service_id"),
	"report_marks": joined(ids("org_id", "service_id"), map[string]Bound{"hash": ours(32, "half of SHA-256")}),
	"incident_notes": joined(ids("org_id", "id", "incident_id"), names("author_name"), map[string]Bound{
		"author_id": ours(title, "an actor"), "body": ours(text, "status.BodyMax")}),
	"incident_words": joined(ids("org_id", "incident_id", "part")),
	"incident_services": joined(ids("org_id", "incident_id", "service_id"), names("name"),
		words("from_state", "to_state")),
	"incident_updates": joined(more, ids("org_id", "incident_id", "id"), words("status"), map[string]Bound{
		"body":     theirs(text, "status.BodyMax"),
		"services": ours(100*1_000, "page.MaxAffected services with their names")}),
	"incidents": joined(more, ids("org_id", "id"), words("status", "impact"), map[string]Bound{
		"title": theirs(title, "status.TitleMax"), "description": theirs(text, "status.BodyMax"),
		"postmortem": theirs(text, "status.BodyMax"), "excluded": theirs(4*status.ReasonMax, "status.ReasonMax")}),
	"jobs": joined(ids("org_id", "thread"), words("state", "lane"), map[string]Bound{
		"lease": ours(128, "a holder's id and a number"), "problem": ours(2_000, "notify/problem.go"),
		"host": ours(2_000, "of a subscriber's address")}),
	"jwks_cache": {"issuer": ours(2_000, "AUTH_ISSUER"), "body": ours(1<<20, "auth/modest.go")},
	"links": joined(ids("user_id"), words("purpose"), map[string]Bound{"hash": ours(64, "SHA-256"),
		"email": ours(1_016, "254 characters")}),
	"logos": joined(ids("org_id"), map[string]Bound{"name": ours(64, "its column"),
		"body": theirs(180_000, "128 KB in base64, cases/logo.go")}),
	"maintenance_series": joined(ids("org_id", "id"), map[string]Bound{
		"title": theirs(title, "status.TitleMax"), "description": theirs(text, "status.BodyMax"),
		"services": theirs(100*39+2, "page.MaxAffected ids"), "rrule": ours(2_000, "500 characters, its column"),
		"time_zone": ours(64, "cases/series.go"), "starts_at": ours(word, "a time"),
		"withdraw": ours(50*39+2, "ids of windows that were planned ahead")}),
	"maintenance_services": joined(ids("org_id", "maintenance_id", "service_id"), names("name")),
	"maintenance_updates": joined(more, ids("org_id", "maintenance_id", "id"), words("status"),
		map[string]Bound{"body": theirs(text, "status.BodyMax")}),
	"maintenances": joined(more, ids("org_id", "id"), words("status"), map[string]Bound{
		"title": theirs(title, "status.TitleMax"), "description": theirs(text, "status.BodyMax")}),
	"members": joined(ids("org_id", "user_id"), words("role")),
	"messages": joined(ids("org_id", "thread"), words("kind"), names("title"), map[string]Bound{
		"topic": ours(128, "kind and ids"), "body": ours(object, "an event's object, notify/notice.go"),
		"audience": ours(4_200, "page.MaxAffected ids")}),
	"meta": {"key": ours(64, "a word of the program's own"), "value": ours(4_000, "an epoch, a cursor, a "+
		"time")},
	"migration_lease": {"holder": ours(128, "a process")},
	"offers": joined(ids("org_id", "id"), words("role", "actor_kind"), names("actor_name"), map[string]Bound{
		"email": ours(1_016, "254 characters"), "name": theirs(title, "cases/offer.go"),
		"actor_id": ours(title, "an actor"), "hash": ours(64, "SHA-256")}),
	"organization_security": ids("org_id"),
	"organizations": joined(more, ids("id"), map[string]Bound{
		"slug": ours(63, "page.MaxSlug"), "name": theirs(title, "status.TitleMax"), "description": theirs(text,
			"status.BodyMax"), "url": ours(8_000, "2,000 characters"), "hostname": ours(253, "page.EditPage"),
		"time_zone": ours(64, "page.EditPage"), "accent": ours(7, "page.EditPage"),
		"announcement": theirs(text, "status.BodyMax"), "uptime_weights": ours(200, "four numbers"),
		"logo": ours(64, "a logo's name"), "hostname_wanted": ours(253, "page.EditPage")}),
	"page_access": joined(ids("org_id", "id"), words("kind"), map[string]Bound{
		"password": ours(200, "PHC string"), "domains": ours(30_000,
			"usecase/access.go, its column"), "emails": ours(150_000, "likewise"),
		"networks": ours(6_000, "likewise"), "secret": ours(64, "made here"), "feed_key": ours(64, "made here"),
		"audiences": ours(500_000, "usecase.MaxAudiencesBytes")}),
	"quiet_incidents":    ids("org_id", "incident_id"),
	"quiet_maintenances": ids("org_id", "maintenance_id"),
	"recovery_codes":     joined(ids("user_id"), map[string]Bound{"hash": ours(128, "a hash")}),
	"reminders":          ids("org_id", "maintenance_id"),
	"revivals":           ids("org_id"),
	"series_windows": joined(ids("org_id", "series_id", "window_id"),
		map[string]Bound{"planned": ours(2*text, "a series' title, text and services")}),
	"service_days": ids("org_id", "service_id"),
	"services": joined(more, ids("org_id", "id"), words("status", "start_date"), map[string]Bound{
		"name": theirs(title, "status.TitleMax"), "description": theirs(text, "status.BodyMax"),
		"group_name": theirs(title, "status.TitleMax")}),
	"session_tokens": joined(ids("session_id"), map[string]Bound{"hash": ours(64, "SHA-256")}),
	"sessions": joined(ids("id", "user_id", "org_id"), words("kind", "proof", "factor"), map[string]Bound{
		"device": ours(100, "api/device.go"), "address": ours(64, "an IP address"),
		"advanced_by": ours(64, "its column")}),
	"signing_keys":        {"kid": ours(64, "made here"), "secret": ours(128, "a seed in base64")},
	"subscriber_services": ids("org_id", "service_id"), "subscriber_incidents": ids("org_id", "incident_id"),
	"monitors": joined(ids("org_id", "id", "service_id"), words("kind"), map[string]Bound{
		"name": ours(title, "status.TitleMax"), "target": ours(8_000, "status.MaxTarget"),
		"token":    ours(64, "made here"),
		"settings": ours(400_000, "status.Monitor.Check"), "headers": ours(60_000, "usecase/monitor.go, sealed")}),
	"certificate_files": {"key": ours(1_000, "its column"), "sealed": ours(1_000_000, "its column")},
	"certificate_locks": {"name": ours(1_000, "its column"), "holder": ours(64, "made here")},
	"monitor_states": joined(ids("org_id", "monitor_id"), words("state"),
		map[string]Bound{"kept": ours(60_000, "status.MaxRegions")}),
	"monitor_results": joined(ids("org_id", "monitor_id"), map[string]Bound{"region": ours(256, "FLY_REGION"),
		"error": ours(800, "prober"), "body": ours(16_384, "prober")}),
	"monitor_metrics": joined(ids("org_id", "monitor_id"), map[string]Bound{"region": ours(256, "FLY_REGION")}),
	"destinations": joined(ids("org_id", "id"), words("kind"), map[string]Bound{
		"name": ours(title, "status.TitleMax"), "host": ours(1_016, "255 characters, its column"),
		"address": ours(8_000,
			"usecase/destination.go, sealed"), "events": ours(200, "usecase/destination.go"), "problem": ours(2_000,
			"notify/problem.go")}),
	"team_messages": joined(ids("org_id", "destination", "user_id"), words("kind", "state"), map[string]Bound{
		"topic": ours(400, "usecase/destination.go"), "source": ours(400, "a kind and a fingerprint"),
		"body": ours(200_000,
			"usecase/destination.go"), "lease": ours(128, "made here")}),
	"proposals": joined(ids("org_id", "id", "service_id", "incident_id"), words("kind", "state", "to_state"),
		map[string]Bound{
			"title": ours(title, "status.TitleMax"), "body": ours(text, "status.BodyMax"),
			"source": ours(2_000, "usecase/alert.go")}),
	"subscribers": joined(ids("org_id", "id"), words("channel", "state", "source"), map[string]Bound{
		"address": ours(8_000, "2,000 characters, its column"), "address_key": ours(8_000, "an address"),
		"token":    ours(64, "made here"),
		"secret":   ours(128, "made here, or a browser's keys"),
		"language": ours(140, "35 characters, its column"),
		"base":     ours(16_000, "BASE_URL, or a request's Host within its headers"),
		"problem":  ours(2_000, "notify/problem.go"),
		"host":     ours(8_000, "of its address")}),
	"templates": joined(ids("org_id", "id"), words("status"), map[string]Bound{
		"name": theirs(title, "cases/template.go"), "title": theirs(title, "cases/template.go"),
		"body": theirs(text, "status.BodyMax"), "services": ours(100*100, "page.MaxAffected ids and states")}),
	"unsubscribed": joined(ids("org_id"), map[string]Bound{"hash": ours(64, "SHA-256")}),
	"users": joined(ids("id", "held_by", "last_org"), map[string]Bound{
		"email": ours(1_016, "254 characters"), "name": theirs(title, "200 characters"),
		"password": ours(200, "PHC string"), "issuer": ours(2_000, "AUTH_ISSUER"),
		"subject": ours(16_000, "a claim of a token, within a request's headers")}),
	"workers": {"id": ours(64, "made here"), "process": ours(400, "machine, boot, pid and start")},
}

// more is what has no column of its own.
var more = map[string]Bound{"more": ours(2*text, "the fields that have no column, each bounded where it is decided")}

func joined(parts ...map[string]Bound) map[string]Bound {
	out := map[string]Bound{}
	for _, p := range parts {
		for name, b := range p {
			out[name] = b
		}
	}
	return out
}
