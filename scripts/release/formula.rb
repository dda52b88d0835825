class ClaudeMaxApi < Formula
  desc "OpenAI- and Anthropic-compatible API in front of your own claude CLI"
  homepage "https://github.com/{{repository}}"
  license "MIT"

  livecheck do
    url :stable
    strategy :github_latest
  end

  on_macos do
    on_arm do
      url "https://github.com/{{repository}}/releases/download/v{{version}}/{{name}}-v{{version}}-darwin-arm64.tar.gz"
      sha256 "{{darwin-arm64}}"
    end
    on_intel do
      url "https://github.com/{{repository}}/releases/download/v{{version}}/{{name}}-v{{version}}-darwin-x64.tar.gz"
      sha256 "{{darwin-x64}}"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/{{repository}}/releases/download/v{{version}}/{{name}}-v{{version}}-linux-arm64.tar.gz"
      sha256 "{{linux-arm64}}"
    end
    on_intel do
      url "https://github.com/{{repository}}/releases/download/v{{version}}/{{name}}-v{{version}}-linux-x64.tar.gz"
      sha256 "{{linux-x64}}"
    end
  end

  def install
    bin.install "{{name}}"
    generate_completions_from_executable(bin/"{{name}}", "completion")
  end

  def caveats
    <<~EOS
      It answers through the claude CLI, which must be installed and signed in:
        claude auth login
      To see whether all is well:
        {{name}} doctor
      To run it at login, with the defaults or with options, one of:
        brew services start {{name}}
        {{name}} service install --port 8080
    EOS
  end

  # With the defaults. `{{name}} service install` makes a service with options.
  service do
    run [opt_bin/"{{name}}", "serve"]
    keep_alive crashed: true
    working_dir Dir.home
    log_path var/"log/{{name}}.log"
    error_log_path var/"log/{{name}}.log"
    environment_variables PATH: "#{Dir.home}/.local/bin:#{std_service_path_env}"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/{{name}} --version").chomp

    port = free_port
    pid = spawn bin/"{{name}}", "--port", port.to_s
    url = "http://127.0.0.1:#{port}/health"
    # Without the claude CLI or its login the status is 503, and the JSON says what is missing.
    output = ""
    20.times do
      output = pipe_output("curl --silent --max-time 60 #{url}")
      break unless output.empty?

      sleep 1
    end
    answer = JSON.parse(output)
    assert_equal version.to_s, answer["version"]
    assert_includes ["ok", "unavailable"], answer["status"]
  ensure
    if pid
      Process.kill "TERM", pid
      Process.wait pid
    end
  end
end
