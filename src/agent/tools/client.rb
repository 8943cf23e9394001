# Speaks to the agent for a tool in Ruby: reads inputs, each blocking until it is there, and writes outputs.
require 'json'
require 'socket'

module WeftClient
  class Error < StandardError; end

  JOB = JSON.parse(File.read(ENV.fetch('WEFT_JOB'), encoding: 'utf-8'))
  # Names of the declared inputs.
  INPUTS = JOB['inputs']
  # Declared outputs: maps of name, from and type.
  OUTPUTS = JOB['outputs']
  @values = {}

  class << self
    # Returns the value of an input, waiting until it is there; nil where it is absent and has no default.
    def read(name)
      @values[name] = JSON.parse(ask('GET', 'inputs', name)) unless @values.key?(name)
      @values[name]
    end

    # Writes an output. A text is read by the declared type, as tools often make texts of numbers.
    def write(output, value)
      if value.is_a?(String) && !['string', 'json'].include?(output['type'])
        ask('PUT', 'outputs', output['name'], value, 'text/plain')
      else
        ask('PUT', 'outputs', output['name'], JSON.generate(value), 'application/json')
      end
    end

    private

    def ask(method, kind, name, body = '', type = 'text/plain')
      request = "#{method} /v1/#{part(ENV['WEFT_ROLE'])}/#{kind}/#{part(name)} HTTP/1.0\r\n" \
                "Host: weft\r\nContent-Type: #{type}\r\nContent-Length: #{body.bytesize}\r\n\r\n"
      socket = UNIXSocket.new(ENV['WEFT_SOCKET'])
      socket.write(request.b + body.b)
      head, text = socket.read.split("\r\n\r\n", 2)
      text = text.to_s.force_encoding('UTF-8')
      status = head.to_s[/\AHTTP\/1\.\d (\d+)/, 1].to_i
      length = head.to_s[/^content-length: (\d+)/i, 1]
      raise Error, gone if status.zero? || (length && length.to_i != text.bytesize)
      raise Error, text.strip unless [200, 204].include?(status)
      text
    rescue SystemCallError, IOError
      raise Error, gone
    ensure
      socket.close if socket
    end

    def gone
      'the agent cannot be reached, or has gone'
    end

    def part(text)
      text.b.gsub(/[^A-Za-z0-9_.-]/n) { |byte| format('%%%02X', byte.ord) }
    end
  end
end
