package app_test

func init() {
	table["GET /api/v1/notices"] = access{reads, nil, 200}
	table["GET /api/v1/notices/{none}"] = access{reads, nil, 404}
	table["POST /api/v1/notices"] = access{writes, j{"title": "Soon"}, 201}
	table["PATCH /api/v1/notices/{none}"] = access{writes, j{"title": "x"}, 404}
	table["DELETE /api/v1/notices/{none}"] = access{writes, nil, 404}
}
