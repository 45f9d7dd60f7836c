package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"time"
)

// Guessing is slowed down under three keys: this account from this source, this
// source, this account from anywhere. A blocked attempt is refused unread: it
// neither counts nor prolongs the block, so no block lasts longer than
// throttleMax after the failure that caused it.
//
// Two things keep a stranger from locking somebody out by guessing for them. A
// source from which the account signed in during the last 30 days is not held to
// the account's count from elsewhere. And a browser or program on which the
// account signed in before shows its known-device token and is counted by
// itself, whatever others do, even from the same address. A valid one-time code
// alone opens no such door: whoever had the password could then guess codes
// without limit.
const (
	pairFree    = 5   // failures of one account from one source before it slows down
	sourceFree  = 100 // failures from one source: a hospital may stand behind one address
	accountFree = 20  // failures of one account from anywhere

	throttleStep   = 30 * time.Second // first block; it doubles
	throttleMax    = 15 * time.Minute
	throttleForget = time.Hour // without a failure, the count starts anew

	retryWhenBusy = 2 * time.Second
)

// SourceOf shortens a remote address to what failures are counted under: an IPv4
// address, or the /64 of an IPv6 one. Anything else is one source, "unknown".
func SourceOf(remote string) string {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		remote = ap.Addr().String()
	}
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}

// throttleKeys are the keys of one attempt. The user name is hashed: what people
// mistype there is often a password.
type throttleKeys struct{ pair, source, account, device string }

// keysFor names the keys; knownDevice is the id of a verified known-device token
// or empty.
func keysFor(username, source, knownDevice string) throttleKeys {
	sum := sha256.Sum256([]byte(username))
	name := hex.EncodeToString(sum[:12])
	if knownDevice != "" {
		return throttleKeys{device: "device:" + knownDevice}
	}
	return throttleKeys{pair: "pair:" + name + "@" + source, source: "source:" + source, account: "account:" + name}
}

func (k throttleKeys) all() []string {
	if k.device != "" {
		return []string{k.device}
	}
	return []string{k.pair, k.source, k.account}
}

// forgiven are the keys that a good sign-in clears. The others go on counting:
// whoever has one account must not buy guesses at another with it.
func (k throttleKeys) forgiven() []string {
	if k.device != "" {
		return []string{k.device}
	}
	return []string{k.pair}
}

func (k throttleKeys) free(key string) int {
	switch key {
	case k.source:
		return sourceFree
	case k.account:
		return accountFree
	}
	return pairFree
}

// blockedFor says how long an attempt has to wait; 0: it may be read.
func (k throttleKeys) blockedFor(counts map[string]Throttle, knownSource bool, now time.Time) time.Duration {
	var wait time.Duration
	for _, key := range k.all() {
		if key == k.account && knownSource {
			continue
		}
		wait = max(wait, counts[key].BlockedUntil.Sub(now))
	}
	return max(0, wait)
}

// countFailure is the rule of one key: free failures, then blocks that double.
func countFailure(t Throttle, free int, now time.Time) Throttle {
	if now.Sub(t.Last) > throttleForget {
		t = Throttle{Since: now}
	}
	t.Failures++
	t.Last = now
	if over := t.Failures - free; over >= 0 {
		block := throttleMax
		if over < 5 {
			block = min(throttleMax, throttleStep<<over)
		}
		t.BlockedUntil = now.Add(block)
	}
	return t
}
