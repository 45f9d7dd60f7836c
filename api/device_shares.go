package api

import (
	"context"
	"strconv"
	"strings"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

// Who reaches only some devices (their own, those of their wards, those of named
// models) reads a list share by share, each by an index: nothing that is not
// theirs is read to be thrown away, but for the last check.

// share is one alternative of a reach, as the inventory can filter by it.
type share struct {
	owner  string
	ward   device.PlaceID
	models []device.ModelID
	// part is what it was made from, for the last check.
	part auth.Part
}

func sharesOf(r auth.Reach) []share {
	var shares []share
	for _, p := range r.Parts {
		switch {
		case p.Owner != "":
			shares = append(shares, share{owner: p.Owner, part: p})
		case len(p.Models) > 0:
			shares = append(shares, share{models: p.Models, part: p})
		}
		for _, w := range p.Wards {
			shares = append(shares, share{ward: w, part: p})
		}
	}
	return shares
}

// narrow adds the share to a query. Where the reader filters by the same thing
// already, the last check does the rest; false: nothing can match both.
func (s share) narrow(q inventory.Query) (inventory.Query, bool) {
	switch f := &q.Filters; {
	case s.owner != "":
		if f.Owner != "" && !strings.EqualFold(f.Owner, s.owner) {
			return q, false
		}
		f.Owner = s.owner
	case s.ward != "" && f.Place == "":
		f.Place = s.ward
	case len(s.models) > 0 && len(f.Model) == 0:
		f.Model = s.models
	}
	return q, true
}

// covers reports whether a device lies in the share, within the reach's limits.
func (s share) covers(r auth.Reach, t auth.Target) bool {
	if s.ward != "" && t.Ward != s.ward {
		return false
	}
	return auth.Reach{Limits: r.Limits, Parts: []auth.Part{s.part}}.Covers(t)
}

// findShares reads a page over all shares, one after the other. Its cursor is the
// number of the share, a point, and the inventory's own. How many there are
// beyond this person's reach is not theirs to know, so Total is what the page
// holds, and one more when another page follows.
func (a *API) findShares(ctx context.Context, r auth.Reach, q inventory.Query, page PageInput) (inventory.Page, error) {
	shares := sharesOf(r)
	at, inner, err := parseShareCursor(page.Cursor)
	if err != nil {
		return inventory.Page{}, err
	}
	var out inventory.Page
	for ; at < len(shares) && len(out.Items) < page.Limit; at, inner = at+1, "" {
		narrowed, possible := shares[at].narrow(q)
		if !possible {
			continue
		}
		narrowed.Limit, narrowed.Cursor = page.Limit-len(out.Items), inner
		found, err := a.inventory.Find(ctx, narrowed)
		if err != nil {
			return inventory.Page{}, err
		}
		for _, i := range found.Items {
			if t := targetOf(i); shares[at].covers(r, t) && !seenIn(shares[:at], r, t) {
				out.Items = append(out.Items, i)
			}
		}
		if found.NextCursor != "" {
			out.NextCursor = strconv.Itoa(at) + "." + found.NextCursor
			break
		}
	}
	if out.NextCursor == "" && at < len(shares) {
		out.NextCursor = strconv.Itoa(at) + "."
	}
	if out.Total = len(out.Items); out.NextCursor != "" {
		out.Total++
	}
	return out, nil
}

// seenIn reports whether an earlier share has shown the device.
func seenIn(earlier []share, r auth.Reach, t auth.Target) bool {
	for _, s := range earlier {
		if s.covers(r, t) {
			return true
		}
	}
	return false
}

func parseShareCursor(cursor string) (at int, inner string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	number, inner, ok := strings.Cut(cursor, ".")
	at, err = strconv.Atoi(number)
	if !ok || err != nil || at < 0 {
		return 0, "", fault.CodeInvalid.New("The list cannot be shown as asked.").WithField("cursor", "does not belong to this list")
	}
	return at, inner, nil
}
