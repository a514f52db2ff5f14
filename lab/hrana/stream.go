package hrana

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// stream is a connection that outlives a request. It is either idle, then it expires, or taken by one request.
type stream struct {
	id, seq uint64
	session session
	sqls    map[int32]string
	taken   bool
	expired bool
	timer   *time.Timer
}

// streams knows them by the id inside their batons.
type streams struct {
	expiry, cleanup time.Duration
	key             [32]byte
	slots           chan struct{} // one for every stream that may be open at once

	mu     sync.Mutex
	open   map[uint64]*stream
	closed bool
}

func newStreams(expiry time.Duration, most int) *streams {
	s := &streams{expiry: expiry, cleanup: 5 * time.Minute, open: map[uint64]*stream{},
		slots: make(chan struct{}, most)}
	rand.Read(s.key[:])
	return s
}

// create opens a stream that the caller holds. When too many are open it waits a second and gives up, as sqld does.
func (s *streams) create(make func() (session, error)) (*stream, error) {
	select {
	case s.slots <- struct{}{}:
	case <-time.After(time.Second):
		return nil, internal("Timed out while opening database connection")
	}
	ses, err := make()
	if err != nil {
		<-s.slots
		return nil, err
	}
	st := &stream{id: random(), seq: random(), session: ses, sqls: map[int32]string{}, taken: true}
	s.mu.Lock()
	s.open[st.id] = st
	s.mu.Unlock()
	return st, nil
}

// acquire finds the stream of a baton. Every baton is good for one request.
func (s *streams) acquire(baton string) (*stream, error) {
	id, seq, ok := s.decode(baton)
	if !ok {
		return nil, errBatonInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.open[id]
	switch {
	case st == nil:
		return nil, errBatonInvalid
	case st.expired:
		return nil, errExpired
	case st.taken || st.seq != seq:
		return nil, errBatonReused
	}
	st.timer.Stop()
	st.taken = true
	st.seq++
	return st, nil
}

// release makes the stream available under a new baton, until it expires.
func (s *streams) release(st *stream) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.drop(st)
		return ""
	}
	st.taken = false
	seq := st.seq
	st.timer = time.AfterFunc(s.expiry, func() { s.expire(st, seq) })
	return s.encode(st.id, seq)
}

// end closes a stream for good; its baton is unknown from then on.
func (s *streams) end(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(st)
}

func (s *streams) drop(st *stream) {
	if s.open[st.id] == st {
		delete(s.open, st.id)
		s.shut(st)
	}
}

func (s *streams) shut(st *stream) {
	if !st.expired {
		st.session.close()
		<-s.slots
	}
}

// expire closes an idle stream but remembers it for a while, so that its owner is told what happened.
func (s *streams) expire(st *stream, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.taken || st.seq != seq || s.open[st.id] != st || st.expired {
		return
	}
	s.shut(st)
	st.expired = true
	st.timer = time.AfterFunc(s.cleanup, func() { s.end(st) })
}

// closeAll ends every idle stream now and the taken ones as they are released; last says that there will be no more.
func (s *streams) closeAll(last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = s.closed || last
	for _, st := range s.open {
		if !st.taken {
			st.timer.Stop()
			s.drop(st)
		}
	}
}

func (s *streams) encode(id, seq uint64) string {
	payload := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, id), seq)
	return base64.RawStdEncoding.EncodeToString(append(payload, s.sign(payload)...))
}

func (s *streams) decode(baton string) (id, seq uint64, ok bool) {
	data, err := base64.RawStdEncoding.DecodeString(baton)
	if err != nil || len(data) != 48 || !hmac.Equal(data[16:], s.sign(data[:16])) {
		return 0, 0, false
	}
	return binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:]), true
}

func (s *streams) sign(payload []byte) []byte {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write(payload)
	return mac.Sum(nil)
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}
