package cluster

import (
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
)

// late are the ports that were given last. What still speaks to one of them, because its program was just killed, must
// find nobody there rather than another program.
var late struct {
	sync.Mutex
	ports []int
}

// maxLate is how many ports rest, of the twelve thousand there are.
const maxLate = 4000

// freeAddr finds a port that nobody uses. It lies below the ports that the system gives to outgoing connections, so
// that none of those takes it before the program does.
func freeAddr() (string, error) {
	late.Lock()
	defer late.Unlock()
	for range 400 {
		port := 20000 + rand.IntN(12000)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if slices.Contains(late.ports, port) {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		late.ports = append(late.ports[max(0, len(late.ports)-maxLate):], port)
		return addr, l.Close()
	}
	return "", errors.New("no free port")
}
