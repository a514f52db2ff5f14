// Package fault is the error that a person may read: a code, a sentence, and the fields it is about.
//
// It is the only error type that crosses from the rules to a caller, on the server and in the browser.
package fault

// Code says what kind of refusal this is. Its values are the `code` of CONTRACT 3.
type Code string

const (
	Invalid            Code = "invalid"
	Malformed          Code = "malformed"
	Unauthenticated    Code = "unauthenticated"
	Forbidden          Code = "forbidden"
	NotFound           Code = "not_found"
	MethodNotAllowed   Code = "method_not_allowed"
	Conflict           Code = "conflict"
	PreconditionFailed Code = "precondition_failed"
	TooLarge           Code = "too_large"
	RateLimited        Code = "rate_limited"
	Unavailable        Code = "unavailable"
	Internal           Code = "internal"
)

const (
	// SecondFactor asks whoever gave the right password for a second factor.
	SecondFactor = "second_factor"
	// SecondFactorRequired tells whoever is signed in without one that an organisation wants one.
	SecondFactorRequired = "second_factor_required"
)

// statuses is the table of CONTRACT 3.
var statuses = map[Code]int{
	Malformed: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405, Conflict: 409,
	PreconditionFailed: 412,
	TooLarge:           413, Invalid: 422, RateLimited: 429, Internal: 500, Unavailable: 503,
}

// Status is the HTTP status of a code; an unknown code is 500.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return 500
}

// Because adds the finer code and returns e.
func (e *Error) Because(reason string) *Error {
	e.Reason = reason
	return e
}

// Field is one input that was refused. Name is a path such as "services[1].to_state".
type Field struct {
	Name    string
	Message string
}

// Error is a refusal. Message is a whole sentence that a customer may read.
type Error struct {
	Code    Code
	Message string
	Fields  []Field
	// RetryAfter is in seconds; 0 says nothing. Only with RateLimited and Unavailable.
	RetryAfter int
	// Reason is a finer code for programs, where a Code has several of them: SecondFactor, SecondFactorRequired; ""
	// elsewhere.
	Reason string
	// Current is the newest representation (JSON) of what a Conflict is about, or nil.
	Current []byte
	// Allowed lists what the caller may choose instead, where a table says so.
	Allowed []string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// New builds an Error; each %s in the sentence takes the next argument.
func New(code Code, sentence string, args ...string) *Error {
	return &Error{Code: code, Message: Text(sentence, args...)}
}

// OnField is a single refused input.
func OnField(name, sentence string, args ...string) *Error {
	text := Text(sentence, args...)
	return &Error{Code: Invalid, Message: text, Fields: []Field{{name, text}}}
}

// With adds a refused input and returns e, so that a check reads as one line.
func (e *Error) With(name, sentence string, args ...string) *Error {
	e.Fields = append(e.Fields, Field{name, Text(sentence, args...)})
	return e
}

// Together is one refusal with the fields of both; a field that is refused twice is told once. Either may be nil.
func Together(a, b *Error) *Error {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	out := *a
	out.Fields = append([]Field{}, a.Fields...)
next:
	for _, f := range b.Fields {
		for _, have := range a.Fields {
			if have.Name == f.Name {
				continue next
			}
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

// Text replaces each %s by the next argument. It is all of fmt that the browser needs to download.
func Text(sentence string, args ...string) string {
	if len(args) == 0 {
		return sentence
	}
	out := make([]byte, 0, len(sentence)+32)
	for i := 0; i < len(sentence); i++ {
		if sentence[i] == '%' && i+1 < len(sentence) && sentence[i+1] == 's' && len(args) > 0 {
			out = append(out, args[0]...)
			args = args[1:]
			i++
			continue
		}
		out = append(out, sentence[i])
	}
	return string(out)
}
