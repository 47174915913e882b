/// Test, gate, build, release: the same three stages for everybody's machine.
enum Pipelines {
  /// The model whose project is trained, without its alias.
  private static func model(_ plan: DeploymentPlan) -> String { String(plan.models[0].prefix { $0 != "@" }) }

  static func github(_ plan: DeploymentPlan) -> String {
    """
    name: \(plan.name)

    on:
      push:
        branches: [main]
      pull_request:

    permissions:
      contents: read

    concurrency:
      group: \(plan.name)-${{ github.ref }}
      cancel-in-progress: false

    jobs:
      check:
        runs-on: ubuntu-24.04
        container: \(plan.image)
        timeout-minutes: 60
        steps:
          - uses: actions/checkout@v4
          # Exit code 3: a gate said no, and nothing gets an alias.
          - name: Train, judge and gate
            run: martlet run martlet.yml --json > result.json
            env:
              MARTLET_REGISTRY: ${{ github.workspace }}/.martlet
          - uses: actions/upload-artifact@v4
            with:
              name: result
              path: result.json

      release:
        if: github.ref == 'refs/heads/main' && github.event_name == 'push'
        needs: check
        runs-on: ubuntu-24.04
        container: \(plan.image)
        environment: production
        timeout-minutes: 120
        steps:
          - uses: actions/checkout@v4
          - name: Register in the team's registry
            run: martlet run martlet.yml
            env:
              MARTLET_REGISTRY: ${{ secrets.MARTLET_REGISTRY }}
          # Exit code 3: the release was rolled back.
          - name: Release step by step
            run: martlet release start \(model(plan)) --gate 'errors <= 1%' --gate 'p99 <= \(plan.slowSeconds)' --watch
            env:
              MARTLET_REGISTRY: ${{ secrets.MARTLET_REGISTRY }}
    """
  }

  static func gitlab(_ plan: DeploymentPlan) -> String {
    """
    default:
      image: \(plan.image)

    stages: [check, release]

    check:
      stage: check
      variables:
        MARTLET_REGISTRY: $CI_PROJECT_DIR/.martlet
      script:
        # Exit code 3: a gate said no, and nothing gets an alias.
        - martlet run martlet.yml --json > result.json
      artifacts:
        paths: [result.json]
        expire_in: 30 days

    release:
      stage: release
      environment: production
      resource_group: \(plan.name)
      rules:
        - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      # MARTLET_REGISTRY is a masked variable of the project.
      script:
        - martlet run martlet.yml
        - martlet release start \(model(plan)) --gate 'errors <= 1%' --gate 'p99 <= \(plan.slowSeconds)' --watch
    """
  }

  static func jenkins(_ plan: DeploymentPlan) -> String {
    """
    pipeline {
      agent { docker { image '\(plan.image)' } }
      options {
        disableConcurrentBuilds()
        timeout(time: 3, unit: 'HOURS')
      }
      stages {
        stage('Check') {
          environment { MARTLET_REGISTRY = "${env.WORKSPACE}/.martlet" }
          steps {
            // Exit code 3: a gate said no, and nothing gets an alias.
            sh 'martlet run martlet.yml --json > result.json'
          }
          post { always { archiveArtifacts artifacts: 'result.json', allowEmptyArchive: true } }
        }
        stage('Release') {
          when { branch 'main' }
          environment { MARTLET_REGISTRY = credentials('martlet-registry') }
          steps {
            sh 'martlet run martlet.yml'
            sh "martlet release start \(model(plan)) --gate 'errors <= 1%' --gate 'p99 <= \(plan.slowSeconds)' --watch"
          }
        }
      }
    }
    """
  }
}
