/// A service of a machine of one's own.
enum SystemdUnit {
  static func text(_ plan: DeploymentPlan) -> String {
    """
    [Unit]
    Description=Martlet serves \(plan.models.joined(separator: ", "))
    After=network-online.target
    Wants=network-online.target

    [Service]
    Type=exec
    ExecStart=/opt/martlet/bin/martlet \(ServerArguments.list(plan, host: "127.0.0.1").joined(separator: " "))
    # Certificates and keys are read again.
    ExecReload=/bin/kill -HUP $MAINPID
    Environment=MARTLET_REGISTRY=/var/lib/martlet
    # The address of a team's registry and other secrets; the file may be missing.
    EnvironmentFile=-/etc/martlet/\(plan.name).env
    Restart=on-failure
    RestartSec=2
    # Requests under way may finish.
    TimeoutStopSec=30
    KillSignal=SIGTERM

    DynamicUser=yes
    StateDirectory=martlet
    StateDirectoryMode=0700
    MemoryMax=\(plan.resources.memory.replacing("i", with: ""))
    NoNewPrivileges=yes
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    PrivateDevices=\(plan.resources.gpus == 0 ? "yes" : "no")
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectControlGroups=yes
    ProtectClock=yes
    ProtectHostname=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
    SystemCallArchitectures=native
    CapabilityBoundingSet=

    [Install]
    WantedBy=multi-user.target
    """
  }
}
