package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const heard = 60 // events whose way is measured

// ear is one socket that says when something came.
type ear struct {
	conn *websocket.Conn
	at   chan time.Time
}

func listenTo(url string) (*ear, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	if _, _, err := conn.ReadMessage(); err != nil { // hello
		return nil, err
	}
	e := &ear{conn, make(chan time.Time, heard)}
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				close(e.at)
				return
			}
			e.at <- time.Now()
		}
	}()
	return e, nil
}

func (e *ear) next() (time.Time, error) {
	select {
	case at, open := <-e.at:
		if !open {
			return at, fmt.Errorf("the socket was closed")
		}
		return at, nil
	case <-time.After(10 * time.Second):
		return time.Time{}, fmt.Errorf("nothing came")
	}
}

// forget drops what has come.
func (e *ear) forget() {
	for len(e.at) > 0 {
		<-e.at
	}
}

// relay measures the way of an event from the request to sockets in two regions of the stand-in.
func (b *bench) relay(ctx context.Context) error {
	grpc, err := freeAddr()
	if err != nil {
		return err
	}
	primary, err := b.hrana(ctx, "relay-ams", "--grpc-listen-addr", grpc)
	if err != nil {
		return err
	}
	defer primary.stop()
	replica, err := b.hrana(ctx, "relay-fra", "--primary-grpc-url", "http://"+grpc)
	if err != nil {
		return err
	}
	defer replica.stop()
	all, err := tenants(ctx, primary.url(), 1)
	if err != nil {
		return err
	}
	ams, err := b.server(ctx, primary.url(), "PRIMARY_REGION=ams", "FLY_REGION=ams")
	if err != nil {
		return err
	}
	defer ams.stop()
	fra, err := b.server(ctx, replica.url(), "PRIMARY_REGION=ams", "FLY_REGION=fra")
	if err != nil {
		return err
	}
	defer fra.stop()
	return b.ways(all[0], ams, fra)
}

func (b *bench) ways(t tenant, ams, fra *process) error {
	path := "/ws/status/public/" + t.slug + "/"
	near, err := listenTo("ws://" + ams.addr + path)
	if err != nil {
		return err
	}
	defer near.conn.Close()
	far, err := listenTo("ws://" + fra.addr + path)
	if err != nil {
		return err
	}
	defer far.conn.Close()
	var answered, home, away []time.Duration
	incident, err := t.open(ams.url()) // more than one event
	if err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	near.forget()
	far.forget()
	for i := range heard {
		time.Sleep(time.Duration(7*i%50) * time.Millisecond) // so that events come at every moment between two polls
		at := time.Now()
		if err := t.update(ams.url(), incident, "Still looking."); err != nil {
			return err
		}
		answered = append(answered, time.Since(at))
		here, err := near.next()
		if err != nil {
			return err
		}
		there, err := far.next()
		if err != nil {
			return err
		}
		home, away = append(home, here.Sub(at)), append(away, there.Sub(at))
	}
	b.report.say("### From the request to a socket (%d updates; RELAY_INTERVAL 100 ms; the stand-in's replica beside "+
		"it)", len(home))
	b.report.table("what|median ms|99th ms", [][]string{
		{"the answer to the request", ms(median(answered)), ms(percentile(answered, 0.99))},
		{"a socket in the primary region", ms(median(home)), ms(percentile(home, 0.99))},
		{"a socket in another region", ms(median(away)), ms(percentile(away, 0.99))},
	})
	return nil
}
