package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/centrifugal/centrifuge"
	"github.com/gorilla/websocket"
	"github.com/olahol/melody"
)

// fan serves WebSockets at / and takes what everybody shall hear at /publish.
func fan(addr string, open http.HandlerFunc, publish func([]byte)) int {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", open)
	mux.HandleFunc("POST /publish", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		publish(body)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(addr, mux)) // #nosec G114 -- a peer that is ended by a signal
	return 1
}

func fanMelody(args []string) int {
	m := melody.New()
	return fan(args[0], func(w http.ResponseWriter, r *http.Request) { _ = m.HandleRequest(w, r) },
		func(b []byte) { _ = m.Broadcast(b) })
}

// fanGorilla prepares each message once and gives every connection a writer, as the library's own example does.
func fanGorilla(args []string) int {
	var mu sync.Mutex
	sockets := map[chan *websocket.PreparedMessage]struct{}{}
	up := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true }}
	open := func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		queue := make(chan *websocket.PreparedMessage, 256)
		mu.Lock()
		sockets[queue] = struct{}{}
		mu.Unlock()
		go func() {
			for m := range queue {
				if conn.WritePreparedMessage(m) != nil {
					return
				}
			}
		}()
		for {
			if _, _, err := conn.NextReader(); err != nil {
				break
			}
		}
		mu.Lock()
		delete(sockets, queue)
		close(queue)
		mu.Unlock()
		_ = conn.Close()
	}
	return fan(args[0], open, func(b []byte) {
		m, err := websocket.NewPreparedMessage(websocket.TextMessage, b)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for queue := range sockets {
			select {
			case queue <- m:
			default:
			}
		}
	})
}

// fanCentrifuge puts everybody into one channel by a subscription of the server's.
func fanCentrifuge(args []string) int {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{},
			Subscriptions: map[string]centrifuge.SubscribeOptions{"room": {}}}, nil
	})
	if err := node.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ws := centrifuge.NewWebsocketHandler(node,
		centrifuge.WebsocketConfig{CheckOrigin: func(*http.Request) bool { return true }})
	return fan(args[0], ws.ServeHTTP, func(b []byte) { _, _ = node.Publish("room", b) })
}

// greetCentrifuge connects by its JSON protocol and waits for the answer.
func greetCentrifuge(conn *websocket.Conn) error {
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{}}`)); err != nil {
		return err
	}
	_, _, err := conn.ReadMessage()
	return err
}
