using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll;

/// <summary>Takes the options from those of Kestrel's own transport and from configuration, if there are any, and validates them once.</summary>
/// <remarks>Any thread: no state.</remarks>
internal sealed class EpollTransportOptionsSetup(IServiceProvider services, IConfiguration? configuration = null, ILoggerFactory? loggerFactory = null)
    : IConfigureOptions<EpollTransportOptions>, IValidateOptions<EpollTransportOptions>
{
    /// <summary>First what the application set for Kestrel's own transport, then configuration: what is said of this one wins, and code, which comes later, over both.</summary>
    public void Configure(EpollTransportOptions options)
    {
        SocketsSettings.TryTakeOver(services, options);
        if (configuration is null)
        {
            return;
        }

        OptionsSection section = OptionsSection.Read(configuration.GetSection(EpollTransportOptions.ConfigurationSection));
        if (section.Unknown.Count > 0 && loggerFactory?.CreateLogger(EpollTransportLog.Category) is ILogger logger)
        {
            foreach ((string key, string nearest) in section.Unknown)
            {
                EpollTransportLog.UnknownOption(logger, key, nearest);
            }
        }

        if (section.Errors.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(EpollTransportOptions), section.Errors);
        }

        section.Values.Bind(options);
    }

    public ValidateOptionsResult Validate(string? name, EpollTransportOptions options)
    {
        ValidateOptionsResultBuilder result = new();
        Range(nameof(options.LoopCount), options.LoopCount, 1, 1024);
        Range(nameof(options.Backlog), options.Backlog, 1, EpollTransportOptions.MaxBacklog);
        Range(nameof(options.SpinDuration), options.SpinDuration, 0, 1000);
        Range(nameof(options.MaxReadBufferSize), options.MaxReadBufferSize ?? 0, 0, long.MaxValue);
        Range(nameof(options.MaxWriteBufferSize), options.MaxWriteBufferSize ?? 0, 0, long.MaxValue);
        AutoSchedulingOptions auto = options.Auto;
        Time(nameof(auto.TakeOverAfter), auto.TakeOverAfter, TimeSpan.FromMilliseconds(3), TimeSpan.FromMinutes(1));
        Time(nameof(auto.SlowCallback), auto.SlowCallback, TimeSpan.FromMicroseconds(100), TimeSpan.FromMinutes(1));
        Range($"{nameof(options.Auto)}.{nameof(auto.MaxLentThreads)}", auto.MaxLentThreads, 0, 1024);
        OneOf(nameof(options.Scheduling), options.Scheduling);
        OneOf(nameof(options.ListenerSharding), options.ListenerSharding);
        if (options.UnixSocketMode is UnixFileMode mode && ((int)mode & ~0x1FF) != 0) // 0x1FF is 0777: nine bits, without set-id and sticky
        {
            result.AddError($"{nameof(options.UnixSocketMode)} is {mode}; allowed are {nameof(UnixFileMode.UserRead)}, {nameof(UnixFileMode.UserWrite)}, "
                + $"{nameof(UnixFileMode.UserExecute)} and the same of Group and Other, by name.", $"{nameof(EpollTransportOptions)}.{nameof(options.UnixSocketMode)}");
        }

        foreach (int processor in options.CpuAffinity ?? [])
        {
            Range(nameof(options.CpuAffinity), processor, 0, 1023);
        }

        return result.Build();

        void Range(string option, long value, long least, long most)
        {
            if (value < least || value > most)
            {
                result.AddError($"{option} is {value}; allowed is {least} to {most}.", $"{nameof(EpollTransportOptions)}.{option}");
            }
        }

        void Time(string option, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                string name = $"{nameof(options.Auto)}.{option}";
                result.AddError($"{name} is {value}; allowed is {least} to {most}.", $"{nameof(EpollTransportOptions)}.{name}");
            }
        }

        void OneOf<T>(string option, T value)
            where T : struct, Enum
        {
            if (!Enum.IsDefined(value))
            {
                result.AddError($"{option} is {value}; allowed is {string.Join(", ", Enum.GetNames<T>())}.", $"{nameof(EpollTransportOptions)}.{option}");
            }
        }
    }
}
