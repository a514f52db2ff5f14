package deploy

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// composeFile is as much of the Compose Specification as compose.yaml uses: a key that is none fails to decode.
type composeFile struct {
	Services map[string]struct {
		Build           string            `yaml:"build"`
		Image           string            `yaml:"image"`
		Restart         string            `yaml:"restart"`
		Ports           []string          `yaml:"ports"`
		Environment     map[string]string `yaml:"environment"`
		Volumes         []string          `yaml:"volumes"`
		StopGracePeriod time.Duration     `yaml:"stop_grace_period"`
		Healthcheck     struct {
			Test        []string      `yaml:"test"`
			Interval    time.Duration `yaml:"interval"`
			Timeout     time.Duration `yaml:"timeout"`
			Retries     int           `yaml:"retries"`
			StartPeriod time.Duration `yaml:"start_period"`
		} `yaml:"healthcheck"`
	} `yaml:"services"`
	Volumes map[string]*struct{} `yaml:"volumes"`
}

// TestComposeRunsTheImageAsItIs holds compose.yaml against the Dockerfile and the server's configuration: no engine is
// here to run it.
func TestComposeRunsTheImageAsItIs(t *testing.T) {
	text, err := os.ReadFile("../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	read := yaml.NewDecoder(bytes.NewReader(text))
	read.KnownFields(true)
	if err := read.Decode(&file); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	says := func(instruction string) string {
		found := regexp.MustCompile(`(?m)^` + instruction + ` (.+)$`).FindStringSubmatch(string(image))
		if found == nil {
			t.Fatalf("the Dockerfile has no %s", instruction)
		}
		return found[1]
	}
	one, there := file.Services["statuspage"]
	if len(file.Services) != 1 || !there || len(one.Volumes) != 1 || len(one.Ports) != 1 {
		t.Fatalf("not one service with one volume and one port: %+v", file)
	}
	name, at, _ := strings.Cut(one.Volumes[0], ":")
	if _, declared := file.Volumes[name]; !declared || at != says("VOLUME") {
		t.Errorf("the volume %s stands at %s, and the image keeps its data in %s", name, at, says("VOLUME"))
	}
	if _, inside, _ := strings.Cut(one.Ports[0], ":"); inside != says("EXPOSE") {
		t.Errorf("the port %s is none of the image", inside)
	}
	for variable := range one.Environment {
		if !slices.Contains(ours(), variable) {
			t.Errorf("nobody reads %s", variable)
		}
	}
	check := one.Healthcheck
	if !slices.Equal(check.Test, []string{"CMD", "statuspage", "health"}) || says("ENTRYPOINT") != `["statuspage"]` {
		t.Errorf("the health check runs %q", check.Test)
	}
	if check.Timeout >= check.Interval || one.StopGracePeriod <= 5*time.Second { // CONTRACT: a drain takes five at most
		t.Errorf("%s, %s, %s", check.Timeout, check.Interval, one.StopGracePeriod)
	}
}
