package api

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/shared/wire"
)

// destinationRoutes are those of where the team is told.
func destinationRoutes() []Route {
	return []Route{
		{"GET", "/api/v1/destinations", Inside, listDestinations},
		{"POST", "/api/v1/destinations", Admin, createDestination},
		{"GET", "/api/v1/destinations/:id", Inside, getDestination},
		{"PATCH", "/api/v1/destinations/:id", Admin, editDestination},
		{"DELETE", "/api/v1/destinations/:id", Admin, deleteDestination},
		{"POST", "/api/v1/destinations/:id/test", Admin, testDestination},
	}
}

func listDestinations(c *call) error {
	return stored(c, c.org().Destinations, (*store.Destination).Wire)
}

func getDestination(c *call) error {
	x, err := storedOne(c, "destination", c.org().Destination)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, `"`+wire.Itoa(x.Version)+`"`) // of what is set; what became of messages changes without it
	return c.object(&x)
}

func createDestination(c *call) error {
	return create(c, c.UseCases.CreateDestination, showDestination)
}

func editDestination(c *call) error {
	return edit(c, "destination", c.UseCases.EditDestination, showDestination)
}

func showDestination(_ *call, x *store.Destination) (int64, wire.Object) { return x.Version, x }

func deleteDestination(c *call) error { return c.deleted("destination", c.UseCases.DeleteDestination) }

// testDestination does not wait for the message: the destination says what became of it.
func testDestination(c *call) error {
	id, err := c.id("destination")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	x, err := c.UseCases.TestDestination(c.ctx, by, c.who.OrgID, id)
	if err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusAccepted, wire.Marshal(&x))
}
