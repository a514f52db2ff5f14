// Package cluster starts several regions on this machine: a database with a replica per region, the app in every
// region, the stand-in for Fly's proxy before it, and links between all of them that can be cut. Databases and apps are
// processes of their own, so that they can be killed as a crash kills; everything that was started ends by its process
// id.
//
// The database is the laboratory's stand-in, or the real server when the environment variable SQLD names one.
package cluster
