package flyctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// grace is how long a Machine has to end.
const grace = 6 * time.Second

// Main is the program `fly`: it hands the command to the cluster's process and prints what that says. `fly proxy` goes
// on until it is ended.
func Main(args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		return complain(err)
	}
	body, err := json.Marshal(call{args, dir})
	if err != nil {
		return complain(err)
	}
	res, err := http.Post(os.Getenv("LAB_FLY"), "application/json", bytes.NewReader(body))
	if err != nil {
		return complain(err)
	}
	defer res.Body.Close()
	var a answer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return complain(err)
	}
	if a.Wrong != "" {
		return complain(fmt.Errorf("%s", a.Wrong))
	}
	fmt.Print(a.Out)
	if a.Forward[0] == "" {
		return 0
	}
	return complain(forward(a.Forward[0], a.Forward[1]))
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "Error:", err)
	return 1
}

func forward(from, to string) error {
	l, err := net.Listen("tcp", from)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go join(conn, to)
	}
}

func join(conn net.Conn, to string) {
	defer conn.Close()
	target, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer target.Close()
	go func() {
		io.Copy(target, conn)
		target.Close()
	}()
	io.Copy(conn, target)
}
