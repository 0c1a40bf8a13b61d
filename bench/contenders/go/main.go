// The routes that all contenders have, on net/http. usage: contender PORT [DATABASE_PORT [LIMIT]]
//
// With a limit no more requests than that are served at a time; the rest is answered 503 at once.
package main

import (
	"database/sql"
	"encoding/json"
	"log"
	"math/rand"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql"
)

const (
	worlds         = 10000
	maxConnections = 100 // as many as MySqlConnector's pool has by default
)

// The entities that the others write: html/template has another one for the double quote.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

type message struct {
	Message string `json:"message"`
}

type world struct {
	ID           int `json:"id"`
	RandomNumber int `json:"randomNumber"`
}

type fortune struct {
	id      int
	message string
}

func write(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func writeJSON(w http.ResponseWriter, contentType string, value interface{}) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	write(w, contentType, body)
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/plaintext", func(w http.ResponseWriter, r *http.Request) { write(w, "text/plain", []byte("Hello, World!")) })
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, "application/json", message{"Hello, World!"})
	})
	rand.Seed(time.Now().UnixNano())
	if len(os.Args) > 2 {
		addDatabase(mux, os.Args[2])
	}
	var handler http.Handler = mux
	if len(os.Args) > 3 {
		limit, err := strconv.Atoi(os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		handler = limited(mux, limit)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], handler))
}

func limited(next http.Handler, limit int) http.Handler {
	places := make(chan struct{}, limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Too many requests are in progress.", http.StatusServiceUnavailable)
		}
	})
}

func addDatabase(mux *http.ServeMux, port string) {
	db, err := sql.Open("mysql", "sample:sample@tcp(127.0.0.1:"+port+")/sample?charset=utf8mb4")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	one, err := db.Prepare("SELECT id, randomNumber FROM world WHERE id = ?")
	if err != nil {
		log.Fatal(err)
	}
	all, err := db.Prepare("SELECT id, message FROM fortune")
	if err != nil {
		log.Fatal(err)
	}

	mux.HandleFunc("/db", func(w http.ResponseWriter, r *http.Request) {
		var row world
		if err := one.QueryRow(rand.Intn(worlds)+1).Scan(&row.ID, &row.RandomNumber); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, "application/json", row)
	})
	mux.HandleFunc("/fortunes", func(w http.ResponseWriter, r *http.Request) {
		fortunes, err := readFortunes(all)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		write(w, "text/html; charset=utf-8", render(fortunes))
	})
}

func readFortunes(all *sql.Stmt) ([]fortune, error) {
	rows, err := all.Query()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fortunes := []fortune{{0, "Additional fortune added at request time."}}
	for rows.Next() {
		var row fortune
		if err := rows.Scan(&row.id, &row.message); err != nil {
			return nil, err
		}
		fortunes = append(fortunes, row)
	}
	sort.Slice(fortunes, func(i, j int) bool { return fortunes[i].message < fortunes[j].message })
	return fortunes, rows.Err()
}

func render(fortunes []fortune) []byte {
	var html strings.Builder
	html.WriteString("<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>")
	for _, row := range fortunes {
		html.WriteString("<tr><td>" + strconv.Itoa(row.id) + "</td><td>")
		escape.WriteString(&html, row.message)
		html.WriteString("</td></tr>")
	}
	html.WriteString("</table></body></html>")
	return []byte(html.String())
}
