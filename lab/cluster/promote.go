package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"time"
)

// Promote makes another region the one that writes, for every process that starts from now on. Those that run go on
// with what they were told.
func (c *Cluster) Promote(name string) error {
	r := c.Region(name)
	if r == nil {
		return errors.New("there is no region " + name)
	}
	c.primary.Store(r)
	r.change(func() {}) // the links follow
	return nil
}

// DestroyApp ends the region's app for good: the proxy has no machine there any more.
func (r *Region) DestroyApp() {
	r.App.Stop(6 * time.Second)
	r.cluster.Proxy.Remove(r.MachineID())
}

// WriteKey writes the private key of the database's tokens, as deploy/libsql/token.sh makes it; only with Auth.
func (c *Cluster) WriteKey(path string) error {
	if c.keys == nil {
		return errors.New("a cluster without Auth has no key")
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.keys.private)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}
