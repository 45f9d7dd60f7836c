package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"wardline/auth"
)

// foundPagesAMinute is how often one address is shown the lost-and-found page.
// It says the same behind every label; this keeps it from being a free web page.
const foundPagesAMinute = 20

// mostAddresses bounds what is remembered; past it everything is forgotten at once.
const mostAddresses = 10_000

// slowly refuses an address that asks more often than this a minute.
func slowly(aMinute int) gin.HandlerFunc {
	var mu sync.Mutex
	seen := map[string]*rate.Limiter{}
	return func(c *gin.Context) {
		source := auth.SourceOf(c.ClientIP())
		mu.Lock()
		limiter := seen[source]
		if limiter == nil {
			if len(seen) >= mostAddresses {
				clear(seen)
			}
			limiter = rate.NewLimiter(rate.Every(time.Minute/time.Duration(aMinute)), aMinute)
			seen[source] = limiter
		}
		mu.Unlock()
		if !limiter.Allow() {
			c.Header("Retry-After", "60")
			c.AbortWithStatus(http.StatusTooManyRequests)
		}
	}
}
