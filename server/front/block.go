package front

import (
	"bufio"
	"bytes"
	"time"

	"github.com/valyala/fasthttp"
)

// block is an answer's head as fasthttp writes it, cut where Date, X-Request-Id, Status-Lag and RateLimit are written
// anew each time.
type block [5][]byte

var renewed = [4][]byte{[]byte("\r\nDate: "), []byte("\r\nX-Request-Id: "), []byte("\r\nStatus-Lag: "),
	[]byte("\r\nRatelimit: ")}

// newBlock cuts the head of an answer; ok is false when it has not what is renewed, in this order.
func newBlock(header *fasthttp.ResponseHeader, status int, body []byte) (b block, ok bool) {
	var res fasthttp.Response
	var buf bytes.Buffer
	header.CopyTo(&res.Header)
	res.SetStatusCode(status)
	if status == fasthttp.StatusNotModified {
		res.Header.Del("Content-Type")
		res.Header.Del("Content-Encoding")
	} else {
		res.SetBodyRaw(body)
	}
	w := bufio.NewWriter(&buf)
	if res.Write(w) != nil || w.Flush() != nil {
		return b, false
	}
	end := bytes.Index(buf.Bytes(), []byte("\r\n\r\n"))
	if end < 0 {
		return b, false
	}
	head := buf.Bytes()[:end+4]
	for i, name := range renewed {
		at := bytes.Index(head, name)
		if at < 0 {
			return b, false
		}
		value := at + len(name)
		stop := bytes.IndexByte(head[value:], '\r')
		b[i], head = head[:value:value], head[value+stop:]
	}
	b[4] = head
	return b, true
}

// second is a Date (RFC 9110 6.6.1) and when it is over.
type second struct {
	text []byte
	unix int64
}

// today is the value of Date.
func (f *Front) today(now time.Time) []byte {
	unix := now.Unix()
	if d := f.date.Load(); d != nil && d.unix == unix {
		return d.text
	}
	d := &second{text: fasthttp.AppendHTTPDate(nil, now), unix: unix}
	f.date.Store(d)
	return d.text
}
