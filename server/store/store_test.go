package store_test

import (
	"testing"

	"statuspage/server/store/storetest"
)

func TestAFileKeepsEverythingThatTheStorePromises(t *testing.T) { storetest.Run(t, storetest.New) }

func TestAFileKeepsWhatIsLarge(t *testing.T) { storetest.Large(t, storetest.New) }
