package store

import "testing"

func TestVerifyingHoldsFewEventsInMemory(t *testing.T) {
	links := func(n ...int) []auditLinkRow {
		rows := make([]auditLinkRow, len(n))
		for i := range n {
			rows[i].N = n[i]
		}
		return rows
	}
	for _, c := range []struct {
		links []auditLinkRow
		want  int
	}{
		{links(1, 2, 3), 3},
		{links(50, 50, 1), 2},
		{links(5, 96, 1), 1},
		{links(12_000, 1), 1}, // one link is never cut
	} {
		if got := len(firstEvents(c.links, 100)); got != c.want {
			t.Errorf("a page of at most 100 events took %d links of %v, want %d", got, c.links, c.want)
		}
	}
}
