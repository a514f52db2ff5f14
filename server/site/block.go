package site

import (
	"crypto/sha256"
	"encoding/hex"

	"statuspage/server/site/serve"
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
	At    string // address of its own page
	Strip strip
}

// maxAbout is how many bytes the descriptions of all services may take on the page together.
const maxAbout = 64 << 10

// aboutEach is how many bytes of each description are shown; of all where they fit together.
func aboutEach(services []status.Service) int {
	all := 0
	for i := range services {
		all += len(services[i].Description)
	}
	if all <= maxAbout {
		return all
	}
	return maxAbout / len(services)
}

func blocks(services []status.Service, path string, now status.Time, w status.Weights) []block {
	var list []block
	about := aboutEach(services)
	at := map[string]int{}
	for i := range services {
		svc := &services[i]
		if len(svc.Description) > about {
			short := *svc
			short.Description = serve.Brief(svc.Description, about)
			svc = &short
		}
		k, there := at[svc.Group]
		if !there {
			k = len(list)
			at[svc.Group] = k
			list = append(list, block{ID: blockID(svc), Name: svc.Group, Worst: status.Operational})
		}
		b := &list[k]
		b.Member = append(b.Member, row{svc, path + "/services/" + svc.ID, serviceStrip(svc, now, w)})
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
