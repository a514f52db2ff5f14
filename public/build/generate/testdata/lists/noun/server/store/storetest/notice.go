package storetest

func init() {
	Columns["notices"] = joined(more, ids("org_id", "id"))
	projections = append(projections, "notices")
}
