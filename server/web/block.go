package web

import (
	"crypto/sha256"
	"encoding/hex"

	"statuspage/shared/status"
)

// block is a group of services, or some that stand by themselves. Blocks come in the order of their first service.
type block struct {
	ID     string // stays the same while the group has its name
	Name   string // "" is no group
	Worst  status.ServiceStatus
	Open   bool // there is trouble in it
	Strip  strip
	Member []row
}

// row is one service.
type row struct {
	*status.Service
	Strip strip
}

func blocks(services []status.Service, now status.Time, w status.Weights) []block {
	var list []block
	at := map[string]int{}
	for i := range services {
		svc := &services[i]
		k, there := at[svc.Group]
		if !there {
			k = len(list)
			at[svc.Group] = k
			list = append(list, block{ID: blockID(svc), Name: svc.Group, Worst: status.Operational})
		}
		b := &list[k]
		b.Member = append(b.Member, row{svc, serviceStrip(svc, now, w)})
		if rank(svc.Status) > rank(b.Worst) {
			b.Worst = svc.Status
		}
		// A run of services without a group ends where a group begins.
		if svc.Group != "" {
			delete(at, "")
		}
	}
	for i := range list {
		list[i].Open = list[i].Worst != status.Operational
		list[i].Strip = groupStrip(list[i].Member, w)
	}
	return list
}

func blockID(first *status.Service) string {
	if first.Group == "" {
		return "p-" + first.ID
	}
	sum := sha256.Sum256([]byte(first.Group))
	return "g-" + hex.EncodeToString(sum[:6])
}
