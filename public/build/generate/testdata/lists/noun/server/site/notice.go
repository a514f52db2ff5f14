package site

import "statuspage/shared/page"

func init() {
	own[page.NoticeNoun] = ownBlock{"notices", func(s *page.State) any {
		if len(s.Notices) == 0 {
			return nil
		}
		return s.Notices
	}}
}
