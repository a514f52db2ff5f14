// Command goclient is somebody else's program: it signs in, opens an incident and resolves it, with nothing but the
// client that oapi-codegen makes of the OpenAPI document.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"goclient/client"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, email, password string) error {
	c, err := client.NewClientWithResponses(address)
	if err != nil {
		return err
	}
	in, err := c.LoginWithResponse(ctx, client.LoginJSONRequestBody{Email: email, Password: password})
	if err != nil {
		return err
	}
	if in.JSON200 == nil {
		return fmt.Errorf("login: %s %s", in.Status(), in.Body)
	}
	signed := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+in.JSON200.AccessToken)
		return nil
	}
	services, err := c.ListServicesWithResponse(ctx, &client.ListServicesParams{}, signed)
	if err != nil {
		return err
	}
	if services.JSON200 == nil || len(services.JSON200.Results) == 0 {
		return fmt.Errorf("services: %s %s", services.Status(), services.Body)
	}
	service, to := services.JSON200.Results[0].Id, client.ServiceStatus("major_outage")
	opened, err := c.OpenIncidentWithResponse(ctx, &client.OpenIncidentParams{},
		client.NewIncident{Title: "Down", Service: &service, ToState: &to}, signed)
	if err != nil {
		return err
	}
	if opened.JSON201 == nil {
		return fmt.Errorf("open: %s %s", opened.Status(), opened.Body)
	}
	resolved, body := client.IncidentStatus("resolved"), "It is up again."
	update, err := c.AddUpdateWithResponse(ctx, opened.JSON201.Id, &client.AddUpdateParams{},
		client.NewUpdate{Status: &resolved, Body: &body}, signed)
	if err != nil {
		return err
	}
	if update.JSON201 == nil {
		return fmt.Errorf("resolve: %s %s", update.Status(), update.Body)
	}
	now, err := c.GetIncidentWithResponse(ctx, opened.JSON201.Id, &client.GetIncidentParams{}, signed)
	if err != nil {
		return err
	}
	if now.JSON200 == nil {
		return fmt.Errorf("read: %s %s", now.Status(), now.Body)
	}
	fmt.Println(now.JSON200.Title, now.JSON200.Status)
	return nil
}
