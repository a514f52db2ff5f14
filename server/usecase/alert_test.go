package usecase_test

import (
	"context"
	"errors"
	"testing"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// proposal puts one into the database that is in a state.
func (h *house) proposal(id, state, service string) string {
	h.Helper()
	at := status.Time(h.now().UnixMilli())
	var b store.Batch
	h.db.Org(h.org).AddProposal(&b, &store.Proposal{ID: id, Kind: "open", State: state, Service: service,
		Source: status.Source{Kind: "monitor", ID: id}, To: status.Degraded, Title: "API is down",
		CreatedAt: at, UpdatedAt: at})
	if err := h.db.Do(context.Background(), &b); err != nil {
		h.Fatal(err)
	}
	return id
}

func TestAProposalThatCannotBeAcceptedIsRefusedWithItsReason(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	member := h.bob
	member.Who.Role = auth.Member
	for _, x := range []struct {
		name, id string
		by       usecase.Caller
		code     fault.Code
		says     string
	}{
		{"dismissed", h.proposal("0197a1de-0001-7000-8000-000000000001", "dismissed", h.service), h.ada, fault.Conflict,
			"This proposal is dismissed already."},
		{"accepted by somebody else", h.proposal("0197a1de-0001-7000-8000-000000000002", "accepted", h.service), h.ada,
			fault.Conflict, "This proposal is accepted already."},
		{"over by itself", h.proposal("0197a1de-0001-7000-8000-000000000003", "over", h.service), h.ada, fault.Conflict,
			"This proposal is over already."},
		{"of no service", h.proposal("0197a1de-0001-7000-8000-000000000004", "open", ""), h.ada, fault.Invalid,
			"Say which service is affected."},
		{"nobody's", "0197a1de-0001-7000-8000-000000000009", h.ada, fault.NotFound, "There is no such proposal."},
		{"a member", h.proposal("0197a1de-0001-7000-8000-000000000005", "open", h.service), member, fault.Forbidden, ""},
	} {
		_, err := h.AcceptProposal(ctx, x.by, h.org, x.id, usecase.ProposalText{})
		var no *fault.Error
		if !errors.As(err, &no) || no.Code != x.code {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		said := no.Message
		if len(no.Fields) > 0 {
			said = no.Fields[0].Message
		}
		if x.says != "" && said != x.says {
			t.Errorf("%s: %q, want %q", x.name, said, x.says)
		}
	}
	if s, err := h.db.Org(h.org).State(ctx, 0); err != nil || len(s.Incidents) != 0 {
		t.Errorf("%d incidents were opened, %v", len(s.Incidents), err)
	}
}
