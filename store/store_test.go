package store_test

import (
	"testing"

	"wardline/store/storetest"
)

func TestEveryEngineKeepsTheStoresPromises(t *testing.T) { storetest.Run(t) }
