package status

// What visitors report of a service is counted in buckets. An alarm looks at the newest few of them together.
const (
	ReportBucket  = 10 * 60 * 1000 // milliseconds
	ReportWindow  = 3              // buckets that an alarm looks at
	ReportUsual   = 7 * 24 * 6     // buckets before them that say what is usual
	ReportFewest  = 5              // reports that make an alarm at the least
	reportStretch = 4              // times the scatter that chance has
)

// Reported is how often a service was reported in a bucket.
type Reported struct {
	At    Time // when it begins
	Count int64
}

// Unusual says whether so many reports in a window are more than a service's usual level, of which usual is the sum
// over the ReportUsual buckets before. With u for what a window of those had on average, that is so from
// u + 4·√(u+1) on, and never with fewer than ReportFewest: reports that come by chance scatter by √u.
func Unusual(recent, usual int64) bool {
	const windows = ReportUsual / ReportWindow
	over := recent*windows - usual // windows times what there is beyond the average
	return recent >= ReportFewest && over > 0 &&
		over >= (reportStretch*reportStretch*windows*(usual+windows)+over-1)/over
}
