package api

import "strings"

// device says in words what a browser's User-Agent tells: enough for its owner to know it again.
func device(agent string) string {
	browser, system := word(agent, browsers), word(agent, systems)
	switch {
	case browser == "" && system == "":
		return "A program"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " on " + system
}

// Each row is a mark and what it means. An earlier one wins: many browsers name others, too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

func word(agent string, rows [][2]string) string {
	for _, row := range rows {
		if strings.Contains(agent, row[0]) {
			return row[1]
		}
	}
	return ""
}
