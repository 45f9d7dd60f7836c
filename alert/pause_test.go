package alert

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestMessagesThatOneOutageHeldUpAreTriedAgainSpreadOut(t *testing.T) {
	for attempts, whole := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 20: time.Hour} {
		times := map[time.Duration]bool{}
		for i := range 200 {
			id := uuid.NewSHA1(uuid.Nil, []byte{byte(i)}).String()
			got := pause(id, attempts)
			if got > whole || got < whole*3/4 {
				t.Fatalf("after %d attempts it waits %v, want %v or up to a quarter less", attempts, got, whole)
			}
			if got != pause(id, attempts) {
				t.Fatal("two servers work out another time")
			}
			times[got] = true
		}
		if len(times) < 100 {
			t.Errorf("200 messages are tried at %d different times", len(times))
		}
	}
}
