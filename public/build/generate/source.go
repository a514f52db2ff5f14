package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// source is what the rules' own text says of members beside their types.
type source struct {
	docs   map[string]string // "Type.key" → the comment of its field
	limits map[string]limit  // likewise, of what Check holds it to
	consts map[string]string
}

// limit bounds a member: characters of a text, or a number.
type limit struct{ least, most string }

// read goes through the packages of the rules.
func read(root string) (*source, error) {
	s := &source{docs: map[string]string{}, limits: map[string]limit{}, consts: map[string]string{}}
	var files []*ast.File
	for _, dir := range []string{"status", "page"} {
		paths, err := filepath.Glob(filepath.Join(root, "shared", dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no rules below %s", root)
	}
	fields := map[string]string{} // "Type.Field" → comment
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool { s.declared(n, fields); return true })
	}
	for _, file := range files {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv != nil {
				s.method(f, fields)
			}
		}
	}
	return s, nil
}

// declared notes the comments of fields, and constants.
func (s *source) declared(n ast.Node, fields map[string]string) {
	switch n := n.(type) {
	case *ast.TypeSpec:
		if of, is := n.Type.(*ast.StructType); is {
			for _, f := range of.Fields.List {
				for _, name := range f.Names {
					fields[n.Name.Name+"."+name.Name] = strings.TrimSpace(f.Comment.Text())
				}
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				if text, is := n.Values[i].(*ast.BasicLit); is {
					s.consts[name.Name] = text.Value
				}
			}
		}
	}
}

// method reads a mapping (which key is which field) or a check (which key has which limit).
func (s *source) method(f *ast.FuncDecl, fields map[string]string) {
	star, is := f.Recv.List[0].Type.(*ast.StarExpr)
	if !is {
		return
	}
	name, is := star.X.(*ast.Ident)
	if !is {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is {
			return true
		}
		called, is := call.Fun.(*ast.SelectorExpr)
		if !is {
			return true
		}
		for i, arg := range call.Args {
			key, is := arg.(*ast.BasicLit)
			if !is || key.Kind != token.STRING || i+1 >= len(call.Args) {
				continue
			}
			text, err := strconv.Unquote(key.Value)
			if err != nil {
				continue
			}
			of := name.Name + "." + text
			switch rest := call.Args[i+1:]; {
			case strings.HasPrefix(f.Name.Name, "Wire"):
				s.docs[of] = fields[name.Name+"."+fieldIn(rest[0])]
			case f.Name.Name == "Check" && (called.Sel.Name == "Line" || called.Sel.Name == "Text") && len(rest) == 3:
				s.limits[of] = limit{most: s.number(rest[1])}
			case f.Name.Name == "Check" && called.Sel.Name == "Between" && len(rest) == 3:
				s.limits[of] = limit{least: s.number(rest[1]), most: s.number(rest[2])}
			}
			return true
		}
		return true
	})
}

// fieldIn is the field that an expression such as (*string)(&s.Status) is about.
func fieldIn(x ast.Expr) (field string) {
	ast.Inspect(x, func(n ast.Node) bool {
		if sel, is := n.(*ast.SelectorExpr); is && field == "" {
			field = sel.Sel.Name
		}
		return true
	})
	return field
}

// number is a literal, or a constant of the rules.
func (s *source) number(x ast.Expr) string {
	text := ""
	switch x := x.(type) {
	case *ast.BasicLit:
		text = x.Value
	case *ast.Ident:
		text = s.consts[x.Name]
	}
	return strings.ReplaceAll(text, "_", "")
}
