package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"statuspage/server/config"
	"statuspage/server/doctor"
)

type examine struct {
	config.Database `embed:""`
	Addresses       []string `arg:"" optional:"" help:"Addresses of the app: one with --regions, or one of each region (default: BASE_URL, else http://localhost:8080)."`
	Regions         []string `help:"Regions that are asked at the one address (fly-force-region); comma-separated."`
	FlyToml         string   `name:"fly-toml" default:"fly.toml" help:"The program's file, if it is there."`
	DatabaseToml    string   `default:"deploy/libsql/fly.toml" help:"The database's file, if it is there."`
	JSON            bool     `name:"json" help:"Print a list of findings as JSON."`
}

// Run looks at a deployment, and prints a line for each thing that was looked at. It ends with 1 when one of them is
// wrong.
func (e *examine) Run(ctx context.Context) error {
	addresses, err := e.addresses()
	if err != nil {
		return err
	}
	if err := e.Validate(); err != nil {
		return err
	}
	all := doctor.Look(ctx, doctor.Options{Addresses: addresses, Database: e.Database, Version: version, App: e.FlyToml,
		DatabaseFile: e.DatabaseToml})
	if e.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		err = out.Encode(all)
	} else {
		for _, f := range all {
			fmt.Println(line(f))
		}
	}
	if err == nil && doctor.Worst(all) == doctor.Fail {
		err = errors.New("something is wrong")
	}
	return err
}

// line is a finding as a person reads it.
func line(f doctor.Finding) string {
	text := fmt.Sprintf("%-4s  %-10s  %s", f.Level, f.Check, f.Says)
	if f.Region != "" {
		text = fmt.Sprintf("%-4s  %-10s  %s: %s", f.Level, f.Check, f.Region, f.Says)
	}
	if f.Do != "" {
		text += ". Do: " + f.Do
	}
	return strings.ReplaceAll(text, "\n", " ")
}

func (e *examine) addresses() ([]doctor.Address, error) {
	urls := e.Addresses
	if len(urls) == 0 {
		urls = []string{cmp.Or(os.Getenv("BASE_URL"), "http://localhost:8080")}
	}
	for _, text := range urls {
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("an address must begin with http:// or https://, not %q", text)
		}
	}
	if len(e.Regions) > 0 && len(urls) > 1 {
		return nil, errors.New("--regions asks one address; give one, or an address of each region without --regions")
	}
	var out []doctor.Address
	for _, text := range urls {
		if len(e.Regions) == 0 {
			out = append(out, doctor.Address{URL: text})
		}
		for _, region := range e.Regions {
			out = append(out, doctor.Address{URL: text, Region: region})
		}
	}
	return out, nil
}
