package configuration

import (
	"fmt"
	"slices"
	"strings"

	"wardline/device"
	"wardline/inventory"
)

// Choice is what is desired of a device for one kind of document.
type Choice struct {
	Assignment Assignment
	Why        string
	// Tied are other assignments that are exactly as specific and name another
	// document. Saving refuses what would lead here; should it happen all the same,
	// the oldest assignment stands.
	Tied []Assignment
}

// weight orders selectors: the more specific one is greater. A tag counts more
// than a place, a place more the deeper it lies, then model, class, ownership.
// Two selectors have the same weight only when they narrow by the same things.
func (s Selector) weight(depth int) int {
	w := depth << 3 // 0 to 4 levels
	if s.Tag != "" {
		w |= 1 << 6
	}
	if s.Model != "" {
		w |= 1 << 2
	}
	if s.Class != "" {
		w |= 1 << 1
	}
	if s.Ownership != "" {
		w |= 1
	}
	return w
}

// match reports whether the selector fits, and how specific it then is.
func (s Selector) match(d Subject) (weight int, ok bool) {
	depth := 0
	if s.Place != "" {
		if depth = slices.Index(d.Places, s.Place) + 1; depth == 0 {
			return 0, false
		}
	}
	switch {
	case s.Class != "" && s.Class != d.Class,
		s.Model != "" && s.Model != d.Model,
		s.Ownership != "" && s.Ownership != OwnershipOf(d.Class),
		s.Tag != "" && !slices.Contains(d.Tags, s.Tag):
		return 0, false
	}
	return s.weight(depth), true
}

// Resolve says which assignment wins for each kind of document. It is the only
// place where that is decided.
func Resolve(assignments []Assignment, d Subject) map[device.Subkind]Choice {
	type contender struct {
		Assignment
		weight int
	}
	bySubkind := map[device.Subkind][]contender{}
	for _, a := range assignments {
		if w, ok := a.Selector.match(d); ok {
			bySubkind[a.Subkind] = append(bySubkind[a.Subkind], contender{a, w})
		}
	}
	out := make(map[device.Subkind]Choice, len(bySubkind))
	for subkind, all := range bySubkind {
		slices.SortFunc(all, func(a, b contender) int {
			if a.weight != b.weight {
				return b.weight - a.weight
			}
			if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
				return c
			}
			return strings.Compare(string(a.ID), string(b.ID))
		})
		c := Choice{Assignment: all[0].Assignment, Why: why(all[0].Selector, len(all)-1)}
		for _, other := range all[1:] {
			if other.weight == all[0].weight && other.Document != c.Assignment.Document {
				c.Tied = append(c.Tied, other.Assignment)
			}
		}
		out[subkind] = c
	}
	return out
}

// why says in a sentence why an assignment won.
func why(s Selector, beaten int) string {
	words := "It is meant for " + s.words()
	switch beaten {
	case 0:
		return words + "."
	case 1:
		return words + ", which is more specific than one other assignment that fits."
	}
	return fmt.Sprintf("%s, which is more specific than %d other assignments that fit.", words, beaten)
}

// words names the devices that a selector is for. Places and models are named by
// what narrows, not by name: the reader sees the names beside it.
func (s Selector) words() string {
	var by []string
	if s.Tag != "" {
		by = append(by, fmt.Sprintf("the tag %q", s.Tag))
	}
	if s.Place != "" {
		by = append(by, "this place")
	}
	if s.Model != "" {
		by = append(by, "this model")
	}
	if s.Class != "" {
		by = append(by, fmt.Sprintf("the class %q", s.Class.Words()))
	}
	switch s.Ownership {
	case OwnedByHospital:
		by = append(by, "the hospital's own devices")
	case OwnedByPerson:
		by = append(by, "people's own devices")
	}
	if len(by) == 0 {
		return "all devices"
	}
	return "devices by " + strings.Join(by, " and ")
}

// narrowsAlike reports whether two selectors narrow by the same things, so that
// neither is more specific than the other. depth tells how deep a place lies.
func narrowsAlike(a, b Selector, depth func(device.PlaceID) int) bool {
	return a.weight(depth(a.Place)) == b.weight(depth(b.Place))
}

// excludes reports whether no device can fit both selectors: each device has one
// class, one model, one owner and one place of each level, but any number of tags.
func excludes(a, b Selector) bool {
	differ := func(x, y string) bool { return x != "" && y != "" && x != y }
	return differ(string(a.Class), string(b.Class)) || differ(string(a.Model), string(b.Model)) ||
		differ(string(a.Ownership), string(b.Ownership)) || differ(string(a.Place), string(b.Place))
}

func depthIn(tree inventory.Tree) func(device.PlaceID) int {
	return func(id device.PlaceID) int { return len(tree.Path(id)) }
}
