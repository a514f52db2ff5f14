package cluster

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// freeAddr finds a port that nobody uses. It lies below the ports that the system gives to outgoing connections, so that
// none of those takes it before the program does.
func freeAddr() (string, error) {
	for range 200 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(12000)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		return addr, l.Close()
	}
	return "", errors.New("no free port")
}
