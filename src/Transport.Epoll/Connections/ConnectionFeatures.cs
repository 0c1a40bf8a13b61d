using System.Collections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Transport.Epoll.Diagnostics;

namespace Transport.Epoll.Connections;

/// <summary>
/// The feature collection of a connection: its own features are the connection itself and its facts, whatever is set goes on top.
/// A list, not a dictionary: there are few, they are read once per connection, and an idle connection shall be small.
/// </summary>
/// <remarks>Whoever has the connection, one thread at a time, as with any feature collection.</remarks>
internal sealed class ConnectionFeatures(ConnectionContext connection, IEpollConnectionFeature facts, IMemoryPoolFeature? recordBlocks = null) : IFeatureCollection
{
    private static readonly Type[] s_own =
    [
        typeof(IConnectionIdFeature), typeof(IConnectionTransportFeature), typeof(IConnectionItemsFeature), typeof(IMemoryPoolFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature), typeof(IConnectionSocketFeature),
        typeof(IEpollConnectionFeature),
    ];

    // A null value hides one of the connection's own features.
    private readonly List<KeyValuePair<Type, object?>> _set = [];

    // UseHttps looks whether the connection has a TLS feature, takes the pool for SslStream's buffers, and then sets one. Who asks in another order, or
    // afterwards, as Kestrel's HTTP does, gets the pool of the host: nothing but speed hangs on this.
    private bool _tlsIsComing;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(key);
            int index = Find(key);
            _tlsIsComing |= index < 0 && recordBlocks is not null && key == typeof(ITlsConnectionFeature);
            return index >= 0 ? _set[index].Value : Array.IndexOf(s_own, key) >= 0 ? Own(key) : null;
        }

        set
        {
            ArgumentNullException.ThrowIfNull(key);
            Revision++;
            _tlsIsComing &= key != typeof(ITlsConnectionFeature);
            int index = Find(key);
            if (index >= 0)
            {
                _set[index] = new(key, value);
            }
            else
            {
                _set.Add(new(key, value));
            }
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        foreach (Type own in s_own)
        {
            if (Find(own) < 0)
            {
                yield return new(own, Own(own));
            }
        }

        foreach ((Type key, object? value) in _set)
        {
            if (value is not null)
            {
                yield return new(key, value);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object Own(Type key)
        => key == typeof(IEpollConnectionFeature) ? facts : _tlsIsComing && key == typeof(IMemoryPoolFeature) ? recordBlocks! : connection;

    private int Find(Type key)
    {
        for (int i = 0; i < _set.Count; i++)
        {
            if (_set[i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }
}
