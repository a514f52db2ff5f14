package hrana

import "strings"

// kind is sqld's classification: it decides what a read-only token may do and what a replica may answer itself.
type kind uint8

const (
	read kind = iota
	write
	ddl
	txnBegin
	txnEnd
	savepoint
	release
	detach
)

// local says whether a replica may try the statement on its own file.
func (k kind) local() bool { return k == read || k == txnBegin || k == txnEnd }

// needsWrite says whether a read-only token is refused.
func (k kind) needsWrite() bool { return k == write || k == ddl }

// simple are the statements whose first word tells all.
var simple = map[string]kind{
	"BEGIN": txnBegin, "COMMIT": txnEnd, "END": txnEnd, "SAVEPOINT": savepoint, "RELEASE": release, "DETACH": detach,
	"SELECT": read, "VALUES": read, "INSERT": write, "REPLACE": write, "UPDATE": write, "DELETE": write,
	"DROP": ddl, "ALTER": ddl,
}

// kindOf reports false for what sqld refuses: VACUUM, ANALYZE, REINDEX, ATTACH, anything temporary, most PRAGMA with a
// value.
func kindOf(tokens []token) (kind, bool) {
	if tokens[0].is("EXPLAIN") {
		return explainKind(tokens[1:])
	}
	verb := verbOf(tokens)
	switch {
	case verb.is("ROLLBACK"):
		return rollbackKind(tokens), true
	case verb.is("CREATE"):
		return ddl, !temporary(tokens)
	case verb.is("PRAGMA"):
		return pragmaKind(tokens[1:])
	case verb.kind != word:
		return read, true // no statement at all: SQLite will say so
	}
	k, ok := simple[strings.ToUpper(verb.text)]
	return k, ok || !known[strings.ToUpper(verb.text)]
}

// known are the statements of SQLite that sqld refuses; any other first word is a syntax error, which SQLite reports.
var known = map[string]bool{"VACUUM": true, "ANALYZE": true, "REINDEX": true, "ATTACH": true}

func explainKind(tokens []token) (kind, bool) {
	if len(tokens) > 1 && tokens[0].is("PRAGMA") {
		return pragmaKind(tokens[1:])
	}
	return read, true
}

// verbOf is the first word, or the one that follows a WITH clause.
func verbOf(tokens []token) token {
	if !tokens[0].is("WITH") {
		return tokens[0]
	}
	depth := 0
	for _, t := range tokens {
		switch {
		case t.mark("("):
			depth++
		case t.mark(")"):
			depth--
		case depth == 0 && t.is("SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"):
			return t
		}
	}
	return tokens[0]
}

func rollbackKind(tokens []token) kind {
	for _, t := range tokens {
		if t.is("TO") {
			return release
		}
	}
	return txnEnd
}

func temporary(tokens []token) bool {
	for i, t := range tokens[1:] {
		if i == 0 && t.is("TEMP", "TEMPORARY") {
			return true
		}
		if t.mark("(") || t.is("AS", "BEGIN") {
			return false
		}
		if t.mark(".") && strings.EqualFold(strings.Trim(tokens[i].text, "\"`[]'"), "temp") {
			return true
		}
	}
	return false
}

// pragmas: read may be asked of a replica, write of the primary; with bare they may be asked but not set.
var pragmas = map[string]struct {
	kind kind
	bare bool
}{}

func init() {
	for _, group := range []struct {
		names string
		kind  kind
		bare  bool
	}{
		{"table_list index_list table_info table_xinfo index_info index_xinfo pragma_list compile_options " +
			"database_list " +
			"function_list module_list encoding", read, false},
		{"schema_version", read, true},
		{"defer_foreign_keys foreign_keys foreign_key_list foreign_key_check collation_list data_version " +
			"freelist_count " +
			"integrity_check legacy_file_format page_count quick_check stats user_version", write, false},
		{"analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill " +
			"cell_size_check " +
			"checkpoint_fullfsync fullfsync hard_heap_limit journal_mode journal_size_limit legacy_alter_table " +
			"locking_mode " +
			"max_page_count mmap_size page_size query_only read_uncommitted recursive_triggers " +
			"reverse_unordered_selects " +
			"secure_delete soft_heap_limit synchronous temp_store threads trusted_schema wal_autocheckpoint", write,
			true},
	} {
		for name := range strings.FieldsSeq(group.names) {
			pragmas[name] = struct {
				kind kind
				bare bool
			}{group.kind, group.bare}
		}
	}
}

func pragmaKind(tokens []token) (kind, bool) {
	if len(tokens) > 2 && tokens[1].mark(".") {
		tokens = tokens[2:]
	}
	if len(tokens) == 0 {
		return read, true
	}
	p, ok := pragmas[strings.ToLower(tokens[0].text)]
	return p.kind, ok && (!p.bare || len(tokens) == 1)
}
