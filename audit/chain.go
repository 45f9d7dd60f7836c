package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
)

// Link binds the events of one transaction to everything linked before it.
//
//	Content = SHA-256(n as 8 bytes big-endian || event hashes in order)
//	Hash    = SHA-256(previous Hash || Seq as 8 bytes big-endian || Content)
//
// Seq counts from 1 without gaps, in commit order. The first link's previous
// hash is 32 zero bytes.
type Link struct {
	Seq int64
	// N is how many events the link says it has.
	N       int
	Content Hash
	Hash    Hash
	// Events are the events as they are stored, in order.
	Events []StoredEvent
}

// StoredEvent is an event as it lies in the database.
type StoredEvent struct {
	// Filed is what stands beside the canonical bytes so that the event can be
	// found: ID, At, Action, the actor's kind and id, Device, Enrollment, Command,
	// Subject. It must say what the bytes say, or a search could hide an event.
	Filed Event
	Body  []byte
	Hash  Hash
}

// Head is the newest link: its number and hash.
type Head struct {
	Seq  int64
	Hash Hash
}

// String returns "number:hash in hex".
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, hex.EncodeToString(h.Hash[:])) }

// ContentOf returns the content hash of a link over these event hashes.
func ContentOf(hashes []Hash) Hash {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(hashes)))
	h.Write(n[:])
	for _, e := range hashes {
		h.Write(e[:])
	}
	return Hash(h.Sum(nil))
}

// Next returns the head after a link with this content.
func (h Head) Next(content Hash) Head {
	sum := sha256.New()
	sum.Write(h.Hash[:])
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], uint64(h.Seq+1))
	sum.Write(seq[:])
	sum.Write(content[:])
	return Head{Seq: h.Seq + 1, Hash: Hash(sum.Sum(nil))}
}

// Broken says where the chain stops being whole.
type Broken struct {
	// Seq is the number of the first link that does not fit; zero for events that
	// lie outside of every numbered link.
	Seq int64
	// What says what is wrong, for people.
	What string
}

func (b *Broken) Error() string {
	if b.Seq == 0 {
		return "the audit log is broken: " + b.What
	}
	return fmt.Sprintf("the audit chain is broken at link %d: %s", b.Seq, b.What)
}

// Chain is a stored chain.
type Chain interface {
	// AuditHead is what the database says its newest link is.
	AuditHead(ctx context.Context) (Head, error)
	// AuditLinks walks the links in order of Seq, and then, as links with a Seq of
	// zero, whatever lies outside of every numbered link.
	AuditLinks(ctx context.Context) iter.Seq2[Link, error]
}

// Verify walks the links in order of Seq and checks every hash. It holds one
// link in memory at a time, and may run while others write: links that are
// appended after it has passed the end are left to the next run.
//
// outside, when not nil, is a head that was sent out of the machine earlier and
// must lie on the chain. Only with it a cut tail is seen whose cutter moved the
// database's head too.
//
// It returns the head it arrived at, and a *Broken for the first link that does
// not fit.
func Verify(ctx context.Context, chain Chain, outside *Head) (Head, error) {
	before, err := chain.AuditHead(ctx)
	if err != nil {
		return Head{}, err
	}
	var at Head
	for link, err := range chain.AuditLinks(ctx) {
		if err != nil {
			return at, fmt.Errorf("read audit link after %d: %w", at.Seq, err)
		}
		if err := ctx.Err(); err != nil {
			return at, err
		}
		if err := at.check(link); err != nil {
			return at, err
		}
		at = Head{Seq: link.Seq, Hash: link.Hash}
		if outside != nil && at.Seq == outside.Seq && at.Hash != outside.Hash {
			return at, &Broken{Seq: at.Seq, What: "it is not the link that the outside head was taken from"}
		}
		if at.Seq == before.Seq && at.Hash != before.Hash {
			return at, &Broken{Seq: at.Seq, What: "the database's head has another hash"}
		}
	}
	after, err := chain.AuditHead(ctx)
	if err != nil {
		return at, err
	}
	return at, at.checkEnd(before, after, outside)
}

// checkEnd compares h, where the links ended, with the database's head before
// and after the walk, and with one from outside.
func (h Head) checkEnd(before, after Head, outside *Head) error {
	if outside != nil && outside.Seq > h.Seq {
		return &Broken{Seq: h.Seq + 1, What: fmt.Sprintf("the end is missing: the outside head is %d", outside.Seq)}
	}
	// A head moves together with its link, so every link up to before was there,
	// and after covers every link that was seen.
	if h.Seq < before.Seq || after.Seq < h.Seq || (after.Seq == h.Seq && after.Hash != h.Hash) {
		return &Broken{Seq: min(h.Seq, after.Seq) + 1, What: fmt.Sprintf("the chain ends at %s, the database's head is %s", h, after)}
	}
	return nil
}

// check compares link with what must follow h.
func (h Head) check(link Link) error {
	if link.Seq == 0 {
		return &Broken{What: fmt.Sprintf("%s in no link of the chain", link.whatItHolds())}
	}
	if link.Seq != h.Seq+1 {
		return &Broken{Seq: h.Seq + 1, What: fmt.Sprintf("the next link found is %d", link.Seq)}
	}
	hashes := make([]Hash, len(link.Events))
	for i, e := range link.Events {
		if HashOf(e.Body) != e.Hash {
			return &Broken{Seq: link.Seq, What: fmt.Sprintf("event %s was changed", e.Filed.ID)}
		}
		if err := e.checkFiled(); err != nil {
			return &Broken{Seq: link.Seq, What: err.Error()}
		}
		hashes[i] = e.Hash
	}
	if ContentOf(hashes) != link.Content || len(hashes) != link.N {
		return &Broken{Seq: link.Seq, What: "an event was added, removed or moved"}
	}
	if h.Next(link.Content).Hash != link.Hash {
		return &Broken{Seq: link.Seq, What: "its hash does not follow from the link before it"}
	}
	return nil
}

func (l Link) whatItHolds() string {
	if len(l.Events) == 0 {
		return "a link without events lies"
	}
	return fmt.Sprintf("event %s lies", l.Events[0].Filed.ID)
}

// checkFiled compares what an event is filed under with what its bytes say.
func (e StoredEvent) checkFiled() error {
	said, err := Parse(e.Body)
	if err != nil {
		return fmt.Errorf("event %s cannot be read: %w", e.Filed.ID, err)
	}
	f := e.Filed
	same := f.ID == said.ID && f.At.Equal(said.At) && f.Action == said.Action &&
		f.Actor.Kind == said.Actor.Kind && f.Actor.ID == said.Actor.ID && f.Device == said.Device &&
		f.Enrollment == said.Enrollment && f.Command == said.Command && f.Subject == said.Subject
	if !same {
		return fmt.Errorf("event %s is filed under something else than it says", f.ID)
	}
	return nil
}
