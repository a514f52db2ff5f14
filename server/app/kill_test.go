package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/server/notify"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/store"
)

// childOf names the database and the mail server of a process that is there to be killed.
const childOf = "STATUSPAGE_TEST_CHILD"

// killLease is longer than any of these tests: what a killed process had in its hands is taken up because it is gone.
const killLease = 10 * time.Minute

func TestIAmAProcessThatIsThereToBeKilled(t *testing.T) {
	file, smtp, found := strings.Cut(os.Getenv(childOf), " ")
	if !found {
		t.Skip("another test starts this one in a process of its own")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // should nobody kill it
	defer cancel()
	cfg := config.Default(config.Database{DatabaseURL: "file:" + file})
	cfg.SMTPURL, cfg.BaseURL, cfg.DeliveryLease = smtp, "http://status.example.com", killLease
	a, err := app.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("listening %s\n", ln.Addr())
	_ = a.Serve(ctx, ln)
}

// child starts such a process; kill ends it as `kill -9` does.
func child(t *testing.T, file string, mail *notifytest.Mail) (addr string, kill func()) {
	t.Helper()
	addr, _, kill = process(t, file, mail)
	return addr, kill
}

// process is child with the process's id.
func process(t *testing.T, file string, mail *notifytest.Mail) (addr string, pid int, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestIAmAProcessThatIsThereToBeKilled$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), childOf+"="+file+" "+mail.URL())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill() // SIGKILL
			_ = cmd.Wait()         // it says "killed"
		}
	}
	t.Cleanup(kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "listening "); found {
			go func() {
				for lines.Scan() {
				}
			}()
			return rest, cmd.Process.Pid, kill
		}
	}
	t.Fatal("the process did not start")
	return "", 0, nil
}

// TestKilledDuringAThousandDeliveriesNobodyIsForgotten kills the program twice while it tells a thousand subscribers of
// one event. What SMTP itself cannot promise: a message that the server took in the moment of the kill, before its
// success was committed, is sent again.
func TestKilledDuringAThousandDeliveriesNobodyIsForgotten(t *testing.T) {
	racetest.Outside(t, "a process that is killed")
	const people = 1000
	mail := notifytest.StartMail(t)
	mail.Answer(func(step, _, _ string) error {
		if step == "data" {
			time.Sleep(3 * time.Millisecond) // as a server that writes to its disk
		}
		return nil
	})
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0"}
	s.start()
	us, them := s.org(), s.org()
	svc := us.service("API")
	emails := make([]string, people)
	for i := range emails {
		emails[i] = fmt.Sprintf("person%d@example.com", i)
	}
	us.post("/api/v1/subscribers/", j{"emails": emails, "consent": true}).has("added", people)
	them.post("/api/v1/subscribers/", j{"emails": []string{"them@example.com"}, "consent": true})
	s.stop()

	addr, kill := child(t, s.file, mail)
	us.site = &site{t: t, addr: addr}
	incident := us.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"}).
		str("id")
	kills := 0
	for _, after := range []int{people / 4, people / 2} {
		mail.Wait(t, after)
		kill()
		kills++
		t.Logf("killed when %d had come", len(mail.Got()))
		addr, kill = child(t, s.file, mail)
		us.site = &site{t: t, addr: addr}
	}
	sent := func(n int) {
		t.Helper()
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
			if a := us.get("/api/v1/deliveries/?state=sent&page_size=1"); a.int("count") == int64(n) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s", us.get("/api/v1/deliveries/?page_size=1").raw)
			}
		}
	}
	sent(people)
	to, ids := map[string]int{}, map[string]string{}
	for _, l := range mail.Got() {
		to[l.To]++
		if id := l.Header.Get("Message-Id"); ids[l.To] == "" {
			ids[l.To] = id
		} else if ids[l.To] != id {
			t.Errorf("%s got the same under two ids", l.To)
		}
	}
	twice := 0
	for address, n := range to {
		twice += n - 1
		if n > 1+kills {
			t.Errorf("%s was told %d times", address, n)
		}
	}
	if len(to) != people || to["them@example.com"] != 0 {
		t.Errorf("%d of %d were told", len(to), people)
	}
	// On a busy machine tries take longer than a sender's patience: then the slow ones' room is used as well.
	if in := notify.Senders(store.Mail) + notify.Senders(store.SlowMail); twice > kills*in {
		t.Errorf("%d came twice; %d kills with %d under way allow %d", twice, kills, in, kills*in)
	}
	t.Logf("%d kills, %d told, %d of them twice", kills, len(to), twice)
	// The next event finds everything in order.
	us.post("/api/v1/incidents/"+incident+"/updates/", j{"status": "resolved", "body": "Done."})
	sent(2 * people)
	if n := len(mail.Got()); n != 2*people+twice {
		t.Errorf("%d mails, not %d", n, 2*people+twice)
	}
}

// TestKilledWhileItsSubscribersGetTheirJobsEachIsToldOnce kills the program when the first of many has been told, and
// others have no job yet. What happens in between is told in its place: nobody hears of the opening after the end.
func TestKilledWhileItsSubscribersGetTheirJobsEachIsToldOnce(t *testing.T) {
	racetest.Outside(t, "a process that is killed")
	const people = 2500
	mail := notifytest.StartMail(t)
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0"}
	s.start()
	us := s.org()
	svc := us.service("API")
	emails := make([]string, people)
	for i := range emails {
		emails[i] = fmt.Sprintf("person%d@example.com", i)
	}
	us.post("/api/v1/subscribers/", j{"emails": emails, "consent": true}).has("added", people)
	s.stop()

	addr, kill := child(t, s.file, mail)
	us.site = &site{t: t, addr: addr}
	incident := us.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"}).
		str("id")
	jobs := func() int64 { return us.get("/api/v1/deliveries/?page_size=1").int("count") }
	for jobs() == 0 {
		time.Sleep(time.Millisecond)
	}
	kill()
	addr, kill = child(t, s.file, mail)
	us.site = &site{t: t, addr: addr}
	t.Logf("killed when %d of %d had a job at most", jobs(), people)
	mail.Wait(t, people/5)
	kill()
	seen := len(mail.Got())
	addr, _ = child(t, s.file, mail)
	us.site = &site{t: t, addr: addr}
	at := time.Now()
	us.post("/api/v1/incidents/"+incident+"/updates/", j{"status": "resolved", "body": "Done."})
	mail.Wait(t, seen+1)
	t.Logf("killed when %d had been told; the next process sent after %s", seen, time.Since(at).Round(time.Millisecond))
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		a := us.get("/api/v1/deliveries/?state=due&page_size=1")
		ended := 0
		for _, l := range mail.Got() {
			if strings.Contains(l.Subject(), "Resolved: Errors") {
				ended++
			}
		}
		if a.int("count") == 0 && ended >= people {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d heard of the end: %s", ended, a.raw)
		}
	}
	over, opened, resolved := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, l := range mail.Got() {
		switch {
		case strings.Contains(l.Subject(), "Resolved: Errors"):
			over[l.To] = true
			resolved[l.To]++
		case over[l.To]:
			t.Errorf("%s heard of the opening after the end", l.To)
		default:
			opened[l.To]++
		}
	}
	twice := 0
	for address := range resolved {
		twice += max(0, opened[address]-1) + resolved[address] - 1
	}
	if in := 2 * (notify.Senders(store.Mail) + notify.Senders(store.SlowMail)); len(resolved) != people || twice > in {
		t.Errorf("%d of %d heard of the end, and %d messages came twice: two kills allow %d", len(resolved), people,
			twice, in)
	}
	t.Logf("%d heard of the opening, %d of the end, %d messages came twice", len(opened), len(resolved), twice)
}
