// Asks the judges: reads what is to be judged from standard input as JSON, and prints what they say.
import { readFileSync, mkdtempSync, writeFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const require = createRequire(import.meta.url)
const PACKS = ['AwsSolutionsChecks', 'ServerlessChecks', 'NIST80053R5Checks']

// cdk-nag: each rule on each resource of a template, with what it answers.
function rules(template) {
  const { App, Stack } = require('aws-cdk-lib')
  const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')
  const nag = require('cdk-nag')
  const folder = mkdtempSync(join(tmpdir(), 'judge-'))
  try {
    const file = join(folder, 'template.json')
    writeFileSync(file, JSON.stringify(template))
    const stack = new Stack(new App({ analyticsReporting: false, outdir: join(folder, 'out') }), 'judged')
    new CfnInclude(stack, 'included', { templateFile: file })
    return PACKS.flatMap((pack) => answers(new nag[pack](), stack))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function answers(pack, stack) {
  const found = []
  // applyRule of the pack reports failures alone, so the rule is asked here.
  pack.applyRule = ({ rule, ruleSuffixOverride, info, node }) => {
    const name = `${pack.readPackName}-${ruleSuffixOverride ?? rule.name}`
    const one = { rule: name, info, resource: node.node.id, type: node.cfnResourceType }
    try {
      const answer = rule(node)
      if (answer === 'N/A') return
      found.push({ ...one, failed: Array.isArray(answer) ? answer : answer === 'Compliant' ? [] : [''] })
    } catch (error) {
      found.push({ ...one, failed: [], unread: error.message })
    }
  }
  pack.validateScope(stack)
  return found
}

// The IAM simulator: one request of a role or of a service.
async function decision(simulation) {
  const answer = await runSimulation({ serviceControlPolicies: [], resourceControlPolicies: [], ...simulation }, {})
  return answer.resultType === 'error' ? `error: ${JSON.stringify(answer.errors)}` : answer.overallResult
}

// asl-validator: a definition as it is deployed.
function definitionErrors(definition) {
  const validate = require('asl-validator')
  const { isValid, errors } = validate(definition, { checkPaths: true, checkArn: true })
  return isValid ? [] : errors.map((error) => `${error['Error code']}: ${error.Message}`)
}

const asked = JSON.parse(readFileSync(0, 'utf8'))
console.log(
  JSON.stringify({
    rules: Object.fromEntries(Object.entries(asked.templates).map(([name, template]) => [name, rules(template)])),
    decisions: await Promise.all(asked.simulations.map(decision)),
    definitions: Object.fromEntries(Object.entries(asked.definitions).map(([name, one]) => [name, definitionErrors(one)])),
  }),
)
