// The shapes that the dashboard shares with the server (shared/status, shared/page, wasm/bridge). Types only: no code. Which members
// objects of the page have is written by go generate ./shared/...; what is said of them is not.

/** @typedef {{id: string, name: string}} Ref */

/**
 * @typedef {object} Affected
 * @property {string} id
 * @property {string} name
 * @property {string} from_state
 * @property {string} to_state
 */

/**
 * @typedef {object} Update an entry of a timeline; a window's has neither edited_at nor services
 * @property {string} id
 * @property {string} status
 * @property {string} status_display
 * @property {string} body
 * @property {string} created_at
 * @property {string|null} [edited_at]
 * @property {Affected[]} [services]
 * @property {object[]} [translations] of body, in other languages
 */

/**
 * @typedef {object} Service
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {string} status
 * @property {string} status_display
 * @property {number} position
 * @property {string} group
 * @property {string} created_at
 * @property {string} updated_at
 * @property {number} version
 * @property {string} status_since
 * @property {string} start_date of its record, 2026-01-31, or ""
 * @property {string[]} [audiences] that alone see it; absent is everybody
 * @property {string[]} [next] where an admin may move it now; absent until the rules are loaded
 * @property {string[]} [next_by_incident] where a new incident may move it
 */

/**
 * @typedef {object} Incident
 * @property {string} id
 * @property {string} title
 * @property {string} description
 * @property {string} status
 * @property {string} status_display
 * @property {string} impact
 * @property {Ref} service
 * @property {string} from_state
 * @property {string} to_state
 * @property {Affected[]} services
 * @property {Update[]} updates oldest first
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string|null} resolved_at
 * @property {string} [postmortem] Markdown; only once it is resolved
 * @property {string|null} postmortem_at
 * @property {string} [excluded_reason] why its time does not count as downtime; "" counts
 * @property {object} source what opened it; nil is a person
 * @property {string} [language] that it is written in, where that is not the organisation's
 * @property {object[]} [translations] what is said of it in other languages
 * @property {number} version
 * @property {string} started_at
 * @property {string|null} recorded_at when it was written down, if that was later than it began
 * @property {string[]} [next]
 */

/**
 * @typedef {object} Maintenance
 * @property {string} id
 * @property {string} title
 * @property {string} description
 * @property {string} status
 * @property {string} status_display
 * @property {Ref[]} services
 * @property {Update[]} updates oldest first
 * @property {string} scheduled_for
 * @property {string} scheduled_until
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string|null} started_at
 * @property {string|null} completed_at
 * @property {number} version
 * @property {string} [language] that it is written in, where that is not the organisation's
 * @property {object[]} [translations] what is said of it in other languages
 * @property {string[]} [next]
 */

/**
 * @typedef {object} Organization
 * @property {string} id
 * @property {string} slug
 * @property {string} name
 * @property {string} description
 * @property {string} url
 * @property {string} hostname
 * @property {string|null} [hostname_proved_at]
 * @property {string|null} [hostname_until]
 * @property {string} time_zone
 * @property {string} accent
 * @property {string} [logo] name of its picture
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string} [announcement] Markdown, pinned to the top of the page
 * @property {string|null} [announcement_until]
 * @property {Record<string, number>} [uptime_weights] how much of a state counts as downtime, in hundredths
 * @property {string} language
 * @property {string[]} languages
 * @property {string} theme
 * @property {string} look
 * @property {string} density
 * @property {{name: string, url: string, place: string}[]} links
 * @property {string} header_text
 * @property {string} logo_dark
 * @property {string} favicon
 * @property {string} custom_css
 * @property {string} reports
 * @property {boolean} indexing
 * @property {{kind: string, id?: string, divided?: boolean}} access
 * @property {number} version
 */

/**
 * What the page is, with the queue on top: the rules' `view`.
 * @typedef {object} View
 * @property {number} seq
 * @property {string} at
 * @property {Organization} org
 * @property {string} [indicator]
 * @property {string} [description]
 * @property {Service[]} services
 * @property {Incident[]} incidents newest first
 * @property {Maintenance[]} maintenances newest first
 */

/** @typedef {{field: string, message: string}} FieldError */

/**
 * A refusal, from the rules or from the server: the members of a problem document.
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} detail
 * @property {FieldError[]} [errors]
 * @property {string[]} [allowed]
 * @property {any} [current]
 */

/** @typedef {{kind: string, id?: string, [field: string]: any}} Command */

/**
 * One event of the page's log as the rules give it.
 * @typedef {{seq: number, type: string, at: string, command: string, org?: any, service?: any, incident?: any, maintenance?: any}} PageEvent
 */

/** @typedef {{id: string, events?: PageEvent[], error?: Problem}} Verdict */

/**
 * A WebSocket message about the page.
 * @typedef {{type: string, seq: number, data: any, event: string, at: string, command: string}} Frame
 */

/**
 * A command that waits for the server, as IndexedDB keeps it.
 * @typedef {object} Item
 * @property {number} [n] the order; given by the database
 * @property {string} id also what the event's message names as its command
 * @property {string} [secret] the rest of its Idempotency-Key; items of older versions have none, and their id is the whole
 * @property {string} owner who typed it: organisation and user
 * @property {Command} command
 * @property {string} at when it was decided
 * @property {string} [core] the version of the rules that decided it; "" where the server was left to
 * @property {number} seq the last event its author had seen
 * @property {'waiting'|'sent'|'refused'} state
 * @property {number} attempts times it left for the server; more than none means that it may have arrived
 * @property {number} failures of the server in a row
 * @property {number} [sentSeq] the event that the server's answer includes
 * @property {boolean} [remote] about an object that is older than the page's state: only the server can judge it
 * @property {boolean} [hold] subscribers are told later, so that it can be undone
 * @property {boolean} [untold] it undoes something that no subscriber was told of
 * @property {Problem} [problem]
 * @property {Frame} [cause] what happened meanwhile to the same object
 * @property {string} title what it does, in words
 */

/** @typedef {{id: string, email: string, name: string}} User */
/** @typedef {{id: string, slug: string, name: string}} OrgRef */
/** @typedef {{user: User, organization: OrgRef|null, role: 'admin'|'member'|null, until?: number, lacksFactor?: boolean}} Identity organization is null for who belongs to none; until is when the sign-in ends, in milliseconds, where nothing renews it; lacksFactor says that the organisation asks for a second factor, which this session has not shown */

export {};
