package hrana

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Value is one SQLite value on the wire; V is nil, int64, float64, string or []byte.
type Value struct{ V any }

type wireValue struct {
	Type   string          `json:"type"`
	Value  json.RawMessage `json:"value"`
	Base64 *string         `json:"base64"`
}

// MarshalJSON writes integers as strings and blobs as base64 without padding, as sqld does.
func (v Value) MarshalJSON() ([]byte, error) {
	switch x := v.V.(type) {
	case nil:
		return []byte(`{"type":"null"}`), nil
	case int64:
		return fmt.Appendf(nil, `{"type":"integer","value":"%d"}`, x), nil
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return []byte(`{"type":"float","value":null}`), nil
		}
		return fmt.Appendf(nil, `{"type":"float","value":%s}`, floatText(x)), nil
	case string:
		if !utf8.ValidString(x) {
			return nil, fmt.Errorf("text is not UTF-8")
		}
		text, err := json.Marshal(x)
		return fmt.Appendf(nil, `{"type":"text","value":%s}`, text), err
	case []byte:
		return fmt.Appendf(nil, `{"type":"blob","base64":"%s"}`, base64.RawStdEncoding.EncodeToString(x)), nil
	}
	return nil, fmt.Errorf("a value of type %T is no SQLite value", v.V)
}

// floatText keeps a whole float recognisable as a float, as the real server does.
func floatText(x float64) string {
	text := strconv.FormatFloat(x, 'g', -1, 64)
	if strings.ContainsAny(text, ".e") {
		return text
	}
	return text + ".0"
}

// UnmarshalJSON accepts exactly the five types; blobs with or without padding.
func (v *Value) UnmarshalJSON(data []byte) error {
	var w wireValue
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	var err error
	switch w.Type {
	case "null":
		v.V = nil
	case "integer":
		v.V, err = decodeInteger(w.Value)
	case "float":
		var f float64
		err = json.Unmarshal(w.Value, &f)
		v.V = f
	case "text":
		var s string
		err = json.Unmarshal(w.Value, &s)
		v.V = s
	case "blob":
		v.V, err = decodeBlob(w.Base64)
	default:
		err = fmt.Errorf("unknown variant `%s`", w.Type)
	}
	return err
}

func decodeInteger(raw json.RawMessage) (any, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func decodeBlob(text *string) (any, error) {
	if text == nil {
		return nil, fmt.Errorf("missing field `base64`")
	}
	blob, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(*text, "="))
	if blob == nil {
		blob = []byte{}
	}
	return blob, err
}

// wireSize is sqld's own estimate of a value's JSON, the measure of the response limit.
func (v Value) wireSize() int64 {
	switch x := v.V.(type) {
	case int64:
		return int64(len(`{"type":"integer","value":""}`) + len(strconv.FormatInt(x, 10)))
	case float64:
		return int64(len(`{"type":"float","value":"}`) + len(floatText(x)))
	case string:
		return int64(len(`{"type":"text","value":""}`) + len(x))
	case []byte:
		return int64(len(x))
	}
	return int64(len(`{"type":"null"}`))
}
