package hrana

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestTheEndpointsAnswer(t *testing.T) {
	s := start(t, Config{})
	for path, want := range map[string]int{"/health": 200, "/v2": 200, "/v3": 200, "/v3-protobuf": 404, "/": 404} {
		res, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET %s: %d", path, res.StatusCode)
		}
	}
}

func TestRefusalsHaveTheServersCodes(t *testing.T) {
	s := start(t, Config{})
	w := &wire{t: t, url: s.URL(), version: "v3"}
	w.ask(execute(`CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)`), execute(`INSERT INTO t VALUES (1, 'x')`))
	for _, c := range []struct {
		sql  string
		args []any
		code string
		text string
	}{
		{`INSERT INTO t VALUES (1, 'y')`, nil, "SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: t.a"},
		{`INSERT INTO t VALUES (2, NULL)`, nil, "SQLITE_CONSTRAINT", "SQLite error: NOT NULL constraint failed: t.b"},
		{`SELECT foo FROM t`, nil, "SQL_INPUT_ERROR", "SQL input error: no such column: foo (at offset 7)"},
		{`SELECT * FROM missing`, nil, "SQLITE_UNKNOWN", "SQLite error: no such table: missing"},
		{`SELEC 1`, nil, "SQL_PARSE_ERROR", "SQL string could not be parsed: "},
		{`SELECT 'open`, nil, "SQL_PARSE_ERROR", "SQL string could not be parsed: "},
		{``, nil, "SQL_NO_STATEMENT", ""},
		{` ; -- nothing`, nil, "SQL_NO_STATEMENT", ""},
		{`SELECT 1; SELECT 2`, nil, "SQL_MANY_STATEMENTS", ""},
		{`SELECT ?, ?`, []any{int64(1)}, "ARGS_INVALID", "Arguments do not match SQL parameters"},
		{`SELECT ?`, []any{int64(1), int64(2)}, "ARGS_INVALID", "too many parameters, expected 1 found 2"},
		{`VACUUM`, nil, "SQL_PARSE_ERROR", "unsupported statement: VACUUM"},
		{`ANALYZE t`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`REINDEX`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`ATTACH 'other' AS o`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`CREATE TEMP TABLE x (a)`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`create temporary view x as select 1`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`CREATE TABLE IF NOT EXISTS temp.x (a)`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`PRAGMA journal_mode = DELETE`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
		{`PRAGMA wal_checkpoint`, nil, "SQL_PARSE_ERROR", "unsupported statement"},
	} {
		res := w.ask(execute(c.sql, c.args...))[0]
		if res.Type != "error" || res.Error.Code != c.code || !strings.Contains(res.Error.Message, c.text) {
			t.Errorf("%s: %+v, want %s %q", c.sql, res.Error, c.code, c.text)
		}
	}
	for _, sql := range []string{`PRAGMA journal_mode`, `PRAGMA foreign_keys=ON`, `PRAGMA main.table_info(t)`,
		`EXPLAIN QUERY PLAN SELECT ?`,
		`WITH x AS (SELECT 1) SELECT * FROM x`, `VALUES (1)`, `CREATE TABLE "temp table" (a)`} {
		if res := w.ask(execute(sql))[0]; res.Type != "ok" {
			t.Errorf("%s: %+v", sql, res.Error)
		}
	}
}

func TestAStatementThatCannotBeReadRefusesTheWholeBatch(t *testing.T) {
	w := &wire{t: t, url: start(t, Config{}).URL(), version: "v3"}
	res := w.ask(batch(when(nil, `CREATE TABLE t (a)`), when(nil, `VACUUM`)), execute(`SELECT * FROM t`))
	if res[0].Type != "error" || res[0].Error.Code != "SQL_PARSE_ERROR" {
		t.Errorf("%+v", res[0])
	}
	if res[1].Type != "error" || !strings.Contains(res[1].Error.Message, "no such table") {
		t.Errorf("the first step ran: %+v", res[1])
	}
}

func TestConditionsDecideWhichStepsRun(t *testing.T) {
	w := &wire{t: t, url: start(t, Config{}).URL(), version: "v3"}
	not := func(c *Cond) *Cond { return &Cond{Type: "not", Cond: c} }
	steps := []struct {
		cond *Cond
		sql  string
		want string
	}{
		{nil, `CREATE TABLE t (a PRIMARY KEY)`, "ok"},
		{onStep("ok", 0), `INSERT INTO t VALUES (1)`, "ok"},
		{onStep("ok", 1), `INSERT INTO t VALUES (1)`, "error"},
		{onStep("ok", 2), `SELECT 1`, "skipped"},
		{onStep("error", 2), `SELECT 1`, "ok"},
		{not(onStep("ok", 2)), `SELECT 1`, "ok"},
		{&Cond{Type: "and", Conds: []Cond{*onStep("ok", 0), *onStep("ok", 2)}}, `SELECT 1`, "skipped"},
		{&Cond{Type: "or", Conds: []Cond{*onStep("ok", 2), *onStep("ok", 0)}}, `BEGIN`, "ok"},
		{&Cond{Type: "is_autocommit"}, `SELECT 1`, "skipped"},
		{not(&Cond{Type: "is_autocommit"}), `ROLLBACK`, "ok"},
		{&Cond{Type: "is_autocommit"}, `SELECT 1`, "ok"},
	}
	var all []BatchStep
	for _, s := range steps {
		all = append(all, when(s.cond, s.sql))
	}
	var got BatchResult
	if err := json.Unmarshal(w.ask(batch(all...))[0].Response.Result, &got); err != nil {
		t.Fatal(err)
	}
	for i, s := range steps {
		was := "skipped"
		if got.StepResults[i] != nil {
			was = "ok"
		}
		if got.StepErrors[i] != nil {
			was = "error"
		}
		if was != s.want {
			t.Errorf("step %d %q: %s, want %s (%v)", i, s.sql, was, s.want, got.StepErrors[i])
		}
	}
}

func TestWhatBreaksTheProtocolEndsTheStream(t *testing.T) {
	s := start(t, Config{})
	for _, c := range []struct{ path, body, text string }{
		{"/v3/pipeline", `{"baton":null,"requests":[`, "Cannot deserialize"},
		{"/v3/pipeline", `{"requests":[{"type":"dance"}]}`, "unknown variant `dance`"},
		{"/v3/pipeline", `{"requests":[{"type":"execute"}]}`, "missing field `stmt`"},
		{"/v3/pipeline", `{"requests":[{"type":"execute","stmt":{"sql":"SELECT ?","args":[{"type":"integer","value":1}]}}]}`, "Cannot deserialize"},
		{"/v3/pipeline", `{"baton":"bm90IG1pbmU","requests":[]}`, "invalid baton"},
		{"/v3/pipeline", `{"requests":[{"type":"close"},{"type":"execute","stmt":{"sql":"SELECT 1"}}]}`, "was closed"},
		{"/v3/pipeline", `{"requests":[{"type":"execute","stmt":{"sql_id":7}}]}`, "SQL text 7 not found"},
		{"/v3/pipeline", `{"requests":[{"type":"execute","stmt":{}}]}`, "are required"},
		{"/v3/pipeline", `{"requests":[{"type":"batch","batch":{"steps":[{"stmt":{"sql":"SELECT 1"},"condition":{"type":"ok","step":0}}]}}]}`, "Invalid reference to step"},
		{"/v2/pipeline", `{"requests":[{"type":"get_autocommit"}]}`, "hrana3"},
		{"/v2/pipeline", `{"requests":[{"type":"batch","batch":{"steps":[{"stmt":{"sql":"SELECT 1"},"condition":{"type":"is_autocommit"}}]}}]}`, "hrana3"},
	} {
		if status, text := post(t, s.URL()+c.path, c.body); status != 400 || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %s", c.body, status, text)
		}
	}
}

func TestABatonIsGoodForOneRequest(t *testing.T) {
	s := start(t, Config{})
	w := &wire{t: t, url: s.URL(), version: "v3"}
	w.ask(execute(`SELECT 1`))
	first := *w.baton
	w.ask(execute(`SELECT 1`))
	if *w.baton == first {
		t.Error("the same baton came back")
	}
	if status, text := post(t, s.URL()+"/v3/pipeline", `{"baton":"`+first+`","requests":[]}`); status != 400 ||
		!strings.Contains(text, "already been used") {
		t.Errorf("%d %s", status, text)
	}
	w.ask(streamRequest{Type: "close"})
	if w.baton != nil {
		t.Errorf("a closed stream has the baton %q", *w.baton)
	}
}

func TestStoredTextsSequencesDescriptionsAndAutocommit(t *testing.T) {
	w := &wire{t: t, url: start(t, Config{}).URL(), version: "v3"}
	id, text := int32(7), `SELECT a, b FROM t WHERE a = :key AND b > ?`
	script := `CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'x;y');
		CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET b = CASE WHEN a = 1 THEN 'one' ELSE b END; SELECT 1; END; BEGIN;`
	res := w.ask(streamRequest{Type: "sequence", SQL: &script}, streamRequest{Type: "get_autocommit"},
		streamRequest{Type: "store_sql", SQL: &text, SQLID: &id}, streamRequest{Type: "describe", SQLID: &id},
		streamRequest{Type: "close_sql", SQLID: &id}, execute(`ROLLBACK`), streamRequest{Type: "get_autocommit"})
	for i, r := range res {
		if r.Type != "ok" {
			t.Fatalf("request %d: %+v", i, r.Error)
		}
	}
	if *res[1].Response.IsAutocommit || !*res[6].Response.IsAutocommit {
		t.Error("autocommit is not what the transaction says")
	}
	want := `{"params":[{"name":":key"},{"name":null}],"cols":[{"name":"a","decltype":"integer"},{"name":"b","decltype":"text"}],"is_explain":false,"is_readonly":true}`
	if got := string(res[3].Response.Result); got != want {
		t.Errorf("described as\n%s\nwant\n%s", got, want)
	}
	broken := `SELECT 1; INSERT INTO missing VALUES (1); DELETE FROM t`
	if r := w.ask(streamRequest{Type: "sequence", SQL: &broken})[0]; r.Type != "error" ||
		!strings.Contains(r.Error.Message, "no such table: missing") {
		t.Errorf("%+v", r)
	}
	if r := w.ask(execute(`SELECT * FROM t`))[0]; !strings.Contains(string(r.Response.Result), "x;y") {
		t.Errorf("the sequence went on: %s", r.Response.Result)
	}
}

func TestNamedArgumentsMayLeaveTheirSignOut(t *testing.T) {
	w := &wire{t: t, url: start(t, Config{}).URL(), version: "v2"}
	sql := `SELECT :a || @b || $c || :a`
	stmt := Stmt{SQL: &sql, NamedArgs: []NamedArg{{"a", Value{"1"}}, {"@b", Value{"2"}}, {"c", Value{"3"}}}}
	res := w.ask(streamRequest{Type: "execute", Stmt: &stmt})[0]
	if res.Type != "ok" || !strings.Contains(string(res.Response.Result), `"1231"`) {
		t.Fatalf("%+v", res)
	}
}

func TestACursorAnswersLineByLine(t *testing.T) {
	s := start(t, Config{})
	status, text := post(t, s.URL()+"/v3/cursor", `{"batch":{"steps":[
		{"stmt":{"sql":"SELECT 1 AS n UNION SELECT 2"}},
		{"stmt":{"sql":"SELECT * FROM missing"}},
		{"stmt":{"sql":"SELECT 3"},"condition":{"type":"ok","step":1}}]}}`)
	var types []string
	for line := range strings.Lines(text) {
		var entry struct{ Type string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		types = append(types, entry.Type)
	}
	if got, want := strings.Join(types, " "),
		" step_begin row row step_end step_error replication_index"; status != 200 || got != want {
		t.Fatalf("%d %q\n%s", status, got, text)
	}
}
