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
	Seq     int64
	Content Hash
	Hash    Hash
	// Events are the canonical bytes of the events, in order.
	Events []StoredEvent
}

// StoredEvent is an event as it lies in the database.
type StoredEvent struct {
	ID   string
	Body []byte
	Hash Hash
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
	// Seq is the number of the first link that does not fit.
	Seq int64
	// What says what is wrong, for people.
	What string
}

func (b *Broken) Error() string {
	return fmt.Sprintf("the audit chain is broken at link %d: %s", b.Seq, b.What)
}

// Verify walks the links in order of Seq and checks every hash. It holds one
// link in memory at a time. head is what the database says its newest link is;
// outside, when not nil, is a head that was sent out of the machine earlier and
// must lie on the chain: with it, a cut tail is seen as well.
//
// It returns the head it arrived at, and a *Broken for the first link that does
// not fit.
func Verify(ctx context.Context, links iter.Seq2[Link, error], head Head, outside *Head) (Head, error) {
	var at Head
	metOutside := outside == nil || outside.Seq == 0
	for link, err := range links {
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
		if outside != nil && at.Seq == outside.Seq {
			if at.Hash != outside.Hash {
				return at, &Broken{Seq: at.Seq, What: "it is not the link that the outside head was taken from"}
			}
			metOutside = true
		}
	}
	if at != head {
		return at, &Broken{Seq: at.Seq + 1, What: fmt.Sprintf("the chain ends at %s, the database's head is %s", at, head)}
	}
	if !metOutside {
		return at, &Broken{Seq: at.Seq + 1, What: fmt.Sprintf("the end is missing: the outside head is %d", outside.Seq)}
	}
	return at, nil
}

// check compares link with what must follow h.
func (h Head) check(link Link) error {
	if link.Seq != h.Seq+1 {
		return &Broken{Seq: h.Seq + 1, What: fmt.Sprintf("the next link found is %d", link.Seq)}
	}
	hashes := make([]Hash, len(link.Events))
	for i, e := range link.Events {
		if HashOf(e.Body) != e.Hash {
			return &Broken{Seq: link.Seq, What: fmt.Sprintf("event %s was changed", e.ID)}
		}
		hashes[i] = e.Hash
	}
	if ContentOf(hashes) != link.Content {
		return &Broken{Seq: link.Seq, What: "an event was added, removed or moved"}
	}
	if h.Next(link.Content).Hash != link.Hash {
		return &Broken{Seq: link.Seq, What: "its hash does not follow from the link before it"}
	}
	return nil
}
