package api

import "sync"

// underWay are the keys of requests that are being carried out by this process.
// Two replicas meet in the database instead.
type underWay struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (u *underWay) claim(key string) (release func(), ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.keys[key] {
		return nil, false
	}
	if u.keys == nil {
		u.keys = map[string]bool{}
	}
	u.keys[key] = true
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.keys, key)
	}, true
}
