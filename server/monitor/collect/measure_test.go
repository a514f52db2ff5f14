package collect_test

import (
	"testing"

	"statuspage/server/monitor/collect/collecttest"
	"statuspage/server/racetest"
	"statuspage/server/store/storetest"
)

func TestWhatMonitorsMeasuredIsKeptInAFile(t *testing.T) {
	racetest.Plain(t, "its weight is the database")
	collecttest.Run(t, 100, storetest.New)
}
