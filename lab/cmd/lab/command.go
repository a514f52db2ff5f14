package main

import (
	"fmt"
	"strings"
	"time"

	"statuspage/lab/cluster"
)

const help = `k|kill R   r|restart R   kd|kill-db R   rd|restart-db R   l|lag R 2s   p|pause R   u|resume R
c|cut R   h|heal R   s|slow R 100ms   all (restart everything)   q|quit        (R is a region)`

// obey carries out one line and says whether it was the last.
func (d *cases) obey(line string) (quit bool) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "q", "quit", "exit":
		return true
	case "?", "help":
		d.say(help)
		return false
	case "all", "restart-all":
		d.report("restarted everything", d.cluster.RestartAll())
		return false
	}
	r, delay, err := d.target(words)
	if err != nil {
		d.say(err.Error())
		return false
	}
	d.fault(words[0], r, delay)
	return false
}

// target reads the region and the duration that follow a command.
func (d *cases) target(words []string) (*cluster.Region, time.Duration, error) {
	if len(words) < 2 {
		return nil, 0, fmt.Errorf("%s which region? (? lists the commands)", words[0])
	}
	r := d.cluster.Region(words[1])
	if r == nil {
		return nil, 0, fmt.Errorf("there is no region %s", words[1])
	}
	if len(words) < 3 {
		return r, 0, nil
	}
	delay, err := time.ParseDuration(words[2])
	return r, delay, err
}

func (d *cases) fault(name string, r *cluster.Region, delay time.Duration) {
	var err error
	done := r.Name + ": "
	switch name {
	case "k", "kill":
		r.App.Kill()
		done += "the app is killed"
	case "r", "restart":
		err = r.App.Restart()
		done += "the app is back"
	case "kd", "kill-db":
		r.DB.Kill()
		done += "the database is killed"
	case "rd", "restart-db":
		err = r.DB.Restart()
		done += "the database is back"
	case "l", "lag":
		err = r.Lag(delay)
		done += "the replica is kept " + delay.String() + " behind"
	case "p", "pause":
		err = r.Pause()
		done += "the replica stands still"
	case "u", "resume":
		err = r.Resume()
		done += "the replica goes on"
	case "c", "cut":
		r.Partition()
		done += "cut off from the others"
	case "h", "heal":
		r.Heal()
		done += "joined to the others"
	case "s", "slow":
		r.Slow(delay)
		done += "everything to the others takes " + delay.String() + " more, each way"
	default:
		done = "no command " + name + " (? lists them)"
	}
	d.report(done, err)
}

func (d *cases) report(done string, err error) {
	stamp := time.Now().Format("15:04:05 ")
	if err != nil {
		d.say(stamp + "failed: " + err.Error())
		return
	}
	d.say(stamp + done)
}
