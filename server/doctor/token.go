package doctor

import (
	"context"
	"net/url"
	"strings"

	"statuspage/server/config"
	"statuspage/server/store"
)

// tokens tries what the environment's tokens may do at this region's database. Nothing is changed by that.
func tokens(ctx context.Context, d config.Database) []Finding {
	if strings.HasPrefix(d.DatabaseURL, "file:") {
		return []Finding{{Level: OK, Check: "token", Says: "a file: database has none"}}
	}
	host := d.URL()
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	if rights, err := store.TokenRights(ctx, d.URL(), ""); err != nil {
		return []Finding{{Level: Fail, Check: "token", Region: d.Region(), Says: "the database at " + host +
			" cannot be asked: " + err.Error(),
			Do: "from outside Fly through a tunnel: fly proxy, and DATABASE_URL=http://localhost:…"}}
	} else if rights != store.NoRights {
		return []Finding{{Level: Fail, Check: "token", Region: d.Region(), Says: "the database at " + host +
			" asks for no token: whoever reaches it may " + string(rights),
			Do: "start sqld with SQLD_AUTH_JWT_KEY"}}
	}
	var out []Finding
	if d.Primary() || d.DatabaseReadToken == "" {
		out = append(out, token(ctx, d, "DATABASE_AUTH_TOKEN", d.DatabaseAuthToken, d.Primary()))
	}
	if d.DatabaseReadToken != "" {
		out = append(out, token(ctx, d, "DATABASE_READ_TOKEN", d.DatabaseReadToken, false))
	}
	return out
}

// token holds what one may do against what it is for.
func token(ctx context.Context, d config.Database, name, text string, writes bool) Finding {
	f := Finding{Level: OK, Check: "token", Region: d.Region(), Says: name + " may "}
	rights, err := store.TokenRights(ctx, d.URL(), text)
	switch f.Says += string(rights); {
	case err != nil:
		f.Level, f.Says, f.Do = Fail, name+" cannot be tried: "+err.Error(), "look at the database's log"
	case rights == store.NoRights:
		f.Level, f.Says, f.Do = Fail, name+" is not taken",
			"make one with the key of the database: deploy/libsql/token.sh"
	case writes && rights != store.MayWrite:
		f.Level, f.Do = Fail, "the primary needs one that may write: deploy/libsql/token.sh rw"
	case !writes && rights == store.MayWrite:
		f.Level, f.Do = Fail, "a region that only reads should not be able to write: deploy/libsql/token.sh ro, as "+
			"DATABASE_READ_TOKEN"
	}
	return f
}
