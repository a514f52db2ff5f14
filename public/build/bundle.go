package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle makes one file of each script and style that stands at the top of public/js and public/css and that no other
// one imports.
func bundle(root string, out *output, manifest map[string]string) error {
	entries, err := entryPoints(root)
	if err != nil || len(entries) == 0 {
		return err
	}
	whole := options(root, slices.DeleteFunc(slices.Clone(entries), func(e string) bool { return e == splitEntry }))
	if len(whole.EntryPoints) > 0 {
		if err := write(api.Build(whole), out, manifest); err != nil {
			return err
		}
	}
	if !slices.Contains(entries, splitEntry) {
		return nil
	}
	split := options(root, []string{splitEntry})
	split.Splitting, split.ChunkNames = true, "[name]-[hash]"
	return write(api.Build(split), out, manifest)
}

// splitEntry is the one script that comes in parts: what it imports when it runs is a file of its own, and so is what
// both need. On other pages a second request would cost more than it saves.
const splitEntry = "public/js/dashboard.js"

// write keeps what was built. A part of the dashboard is "dashboard.NAME.js" in the manifest: "chunk" is what its other
// files share.
func write(result api.BuildResult, out *output, manifest map[string]string) error {
	if err := problems(result); err != nil {
		return err
	}
	var meta metafile
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return fmt.Errorf("metafile: %w", err)
	}
	for _, file := range result.OutputFiles {
		name := filepath.Base(file.Path)
		if err := out.compressed(name, file.Contents); err != nil {
			return err
		}
		entry := meta.Outputs["public/dist/"+name].EntryPoint
		part, _, _ := strings.Cut(name, "-")
		switch {
		case entry != "" && !strings.HasPrefix(entry, "public/js/dashboard/"):
			manifest[filepath.Base(entry)] = prefix + name
		case filepath.Ext(name) == ".js":
			manifest["dashboard."+part+".js"] = prefix + name
		}
	}
	return nil
}

func options(root string, entries []string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: absolute(root), EntryPoints: entries, Outdir: "public/dist", EntryNames: "[name]-[hash]",
		AssetNames: "[name]-[hash]",
		PublicPath: prefix, Bundle: true, Metafile: true, Format: api.FormatESModule, Target: api.ES2022,
		Charset:          api.CharsetUTF8,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsEndOfFile,
		Loader: map[string]api.Loader{".svg": api.LoaderFile, ".png": api.LoaderFile, ".woff2": api.LoaderFile},
	}
}

// metafile is what esbuild tells about a build, as far as it is asked here.
type metafile struct {
	Inputs map[string]struct {
		Imports []struct{ Path string }
	}
	Outputs map[string]struct{ EntryPoint string }
}

// entryPoints leaves out what another file at the top imports: that is a part, such as core.js, and no page's own
// script.
func entryPoints(root string) ([]string, error) {
	var all []string
	for _, pattern := range []string{"public/js/*.js", "public/css/*.css"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			short, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			all = append(all, filepath.ToSlash(short))
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	result := api.Build(options(root, all))
	if err := problems(result); err != nil {
		return nil, err
	}
	var meta metafile
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("metafile: %w", err)
	}
	part := map[string]bool{"public/js/core.js": true} // loads the rules for others, whether or not there is one yet
	for _, input := range meta.Inputs {
		for _, used := range input.Imports {
			part[used.Path] = true
		}
	}
	var entries []string
	for _, path := range all {
		if !part[path] {
			entries = append(entries, path)
		}
	}
	return entries, nil
}

// What public/sw.js holds so that it works unbuilt, too, and the build fills in.
const (
	assetsMark  = "/* assets */ []"
	versionMark = "/* version */ 'dev'"
)

// worker bundles the service worker with the list of what the dashboard needs to start without a network. Its name is
// not hashed: it is registered under one address for ever.
func worker(root string, out *output, manifest map[string]string) error {
	text, err := os.ReadFile(filepath.Join(root, "public", "sw.js")) // #nosec G304 -- the module's own source
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	list, err := json.Marshal(dashboard(manifest))
	if err != nil {
		return err
	}
	source := string(text)
	for _, mark := range []string{assetsMark, versionMark} {
		if strings.Count(source, mark) != 1 {
			return fmt.Errorf("public/sw.js: %q should stand there once", mark)
		}
	}
	sum := sha256.Sum256(append(list, text...))
	source = strings.Replace(source, assetsMark, string(list), 1)
	source = strings.Replace(source, versionMark, "'"+hex.EncodeToString(sum[:5])+"'", 1)
	o := options(root, nil)
	o.Format, o.Metafile, o.EntryNames = api.FormatIIFE, false, "[name]"
	o.Stdin = &api.StdinOptions{Contents: source, Sourcefile: "sw.js",
		ResolveDir: filepath.Join(absolute(root), "public"), Loader: api.LoaderJS}
	result := api.Build(o)
	if err := problems(result); err != nil {
		return err
	}
	manifest["sw.js"] = "/sw.js"
	return out.compressed("sw.js", result.OutputFiles[0].Contents)
}

// pushWorker bundles the service worker of public pages, which is registered under one address for ever, too.
func pushWorker(root string, out *output, manifest map[string]string) error {
	text, err := os.ReadFile(filepath.Join(root, "public", "push.js")) // #nosec G304 -- the module's own source
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	o := options(root, nil)
	o.Format, o.Metafile, o.EntryNames = api.FormatIIFE, false, "[name]"
	o.Stdin = &api.StdinOptions{Contents: string(text), Sourcefile: "push.js",
		ResolveDir: filepath.Join(absolute(root), "public"), Loader: api.LoaderJS}
	result := api.Build(o)
	if err := problems(result); err != nil {
		return err
	}
	manifest["push.js"] = "/push.js"
	return out.compressed("push.js", result.OutputFiles[0].Contents)
}

// dashboard lists the addresses of what the dashboard needs, in a fixed order.
func dashboard(manifest map[string]string) []string {
	list := []string{}
	for logical, path := range manifest {
		if logical == "core.wasm" || strings.HasPrefix(logical, "dashboard.") {
			list = append(list, path)
		}
	}
	sort.Strings(list)
	return list
}

func problems(r api.BuildResult) error {
	list := append(api.FormatMessages(r.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}),
		api.FormatMessages(r.Warnings, api.FormatMessagesOptions{Kind: api.WarningMessage})...)
	if len(list) == 0 {
		return nil
	}
	return errors.New(strings.Join(list, ""))
}

func absolute(root string) string {
	path, err := filepath.Abs(root)
	if err != nil {
		return root
	}
	return path
}
