package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"statuspage/server/app"
	"statuspage/server/config"
)

// TestWhatCannotBeReadStopsTheStartBeforeADatabaseIsMade: a mistake in the configuration leaves everything as it was.
func TestWhatCannotBeReadStopsTheStartBeforeADatabaseIsMade(t *testing.T) {
	for says, change := range map[string]func(*config.Config){
		"SMTP_URL": func(c *config.Config) { c.SMTPURL = "smtp://mail.example:25" },
		"CLERK_WEBHOOK_SECRET": func(c *config.Config) {
			c.Auth.JWKSURL, c.Auth.Issuer, c.Auth.ClerkWebhookSecret = "https://id.example/keys", "https://id.example",
				"abc"
		},
		"JSON Pointer": func(c *config.Config) {
			c.Auth.JWKSURL, c.Auth.Issuer, c.Auth.ClaimRole = "https://id.example/keys", "https://id.example", "role"
		},
	} {
		file := filepath.Join(t.TempDir(), "status.db")
		cfg := config.Default(config.Database{DatabaseURL: "file:" + file})
		change(&cfg)
		a, err := app.New(t.Context(), cfg)
		if err == nil {
			_ = a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", says, err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: a database was made", says)
		}
	}
}
